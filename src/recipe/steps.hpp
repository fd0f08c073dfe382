#pragma once
// The steps that recipes may name: steps.cpp is the table.

#include "recipe/step.hpp"

namespace mi2::recipe {

/// Ages such as 058Y, 006M, 003W and 010D, and plain numbers, in the column `age`: years. What is none of these, or is
/// over 120 years, becomes empty and is counted.
void years(Job& job, Rows& rows);

}  // namespace mi2::recipe
