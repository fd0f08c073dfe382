#pragma once
// Every figure that the program knows of others: mi2 dataset figures.

#include <string>

namespace mi2::cli {

/// The published table, and what other models are reported to reach, each with its source.
/// @param format  "table", "csv" or "json".
std::string figures_text(const std::string& format);

}  // namespace mi2::cli
