#pragma once
// What an adapter is worth, for machines, for people and as plots.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "adapter/training.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/f1.hpp"

namespace mi2::adapter {

/// The adapter's thresholds on the evaluated rows.
struct AppliedThresholds {
  std::optional<evaluation::OperatingPoint> youden;
  std::optional<evaluation::OperatingPoint> sensitive;
};

/// Thresholds of best F1: chosen where the adapter's others are, and what they do there and on the evaluated rows.
struct F1Thresholds {
  std::vector<std::optional<double>> thresholds;  ///< [labels]
  evaluation::Thresholded chosen;
  evaluation::Thresholded evaluated;
};

/// Classification without training, on the same rows.
struct ZeroShot {
  evaluation::Evaluation evaluation;
  evaluation::Gain gain;  ///< of the adapter over it
};

struct AdapterReport {
  AdapterDescription adapter;
  std::size_t train_rows = 0;  ///< that the adapter has seen
  std::vector<std::size_t> train_rows_of_label;
  std::vector<evaluation::GroupsOfClass> train_groups_of_label;      ///< of groups, or of rows where there are none
  std::vector<evaluation::GroupsOfClass> evaluated_groups_of_label;  ///< as these
  Splitting split;
  std::string held_out;  ///< the rows that temperature and thresholds were chosen on
  std::size_t held_out_rows = 0;
  evaluation::BootstrapOptions bootstrap;
  evaluation::Evaluation evaluation;
  evaluation::Reliability uncalibrated;  ///< with temperature 1
  std::vector<AppliedThresholds> applied;
  F1Thresholds f1;
  std::optional<ZeroShot> zero_shot;
  std::vector<std::string> warnings;  ///< why its figures may say little, for people
};

/// @param zero_shot  probabilities of the evaluated rows without training, in the adapter's order of labels.
/// @throws as evaluation::evaluate().
AdapterReport make_report(const TrainedAdapter& trained, const std::optional<evaluation::Scores>& zero_shot,
                          const evaluation::BootstrapOptions& bootstrap);

std::string to_json(const AdapterReport& report);
std::string to_text(const AdapterReport& report);
/// One page that needs no other file.
std::string to_html(const AdapterReport& report);

// Plots, each a whole SVG file.
std::string roc_svg(const AdapterReport& report);
std::string confusion_svg(const std::vector<std::string>& labels, const evaluation::Confusion& confusion);
std::string reliability_svg(const AdapterReport& report);

}  // namespace mi2::adapter
