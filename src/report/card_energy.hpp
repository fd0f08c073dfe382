#pragma once
// Accounts of energy, as a model card shows them.

#include <string>
#include <utility>
#include <vector>

#include "report/document.hpp"
#include "report/model_card.hpp"

namespace mi2::report {

/// A table of all accounts, and each one's factors with their sources.
/// @throws Error{kBadFile} for an account that is none.
std::vector<Block> energy_blocks(const std::vector<CardEnergy>& accounts);

}  // namespace mi2::report
