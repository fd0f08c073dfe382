#pragma once
// The report of an adapter whose target is not one label, for machines and for people.

#include <cstddef>
#include <string>
#include <vector>

#include "adapter/target_figures.hpp"
#include "adapter/training.hpp"

namespace mi2::adapter {

struct TargetReport {
  AdapterDescription adapter;
  std::size_t train_rows = 0;  ///< that the adapter has seen
  std::vector<std::size_t> train_rows_of_label;
  Splitting split;
  std::string held_out;  ///< the rows that thresholds, and of an mlp the epoch, were chosen on
  std::size_t rows = 0;  ///< that were evaluated
  evaluation::BootstrapOptions bootstrap;
  TargetFigures figures;
  std::vector<std::string> warnings;
};

/// @throws as target_figures().
TargetReport make_target_report(const TrainedAdapter& trained, const evaluation::BootstrapOptions& bootstrap);

std::string to_json(const TargetReport& report);
std::string to_text(const TargetReport& report);
/// One page that needs no other file.
std::string to_html(const TargetReport& report);

}  // namespace mi2::adapter
