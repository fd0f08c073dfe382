#pragma once
// Confusion as a grid of counts.

#include <string>
#include <vector>

#include "evaluation/confusion.hpp"

namespace mi2::evaluation {

/// Rows by true label, columns by answer, as a whole SVG file. `labels` is [classes].
std::string confusion_plot(const std::vector<std::string>& labels, const Confusion& confusion);

}  // namespace mi2::evaluation
