#pragma once
// What a head is worth, for machines, for people and as pictures.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "adapter/training.hpp"
#include "evaluation/evaluation.hpp"

namespace mi2::adapter {

/// The head's thresholds on the evaluated rows.
struct AppliedThresholds {
  std::optional<evaluation::OperatingPoint> youden;
  std::optional<evaluation::OperatingPoint> sensitive;
};

/// Classification without training, on the same rows.
struct ZeroShot {
  evaluation::Evaluation evaluation;
  evaluation::Gain gain;  ///< of the head over it
};

struct HeadReport {
  HeadDescription head;
  std::size_t train_rows = 0;  ///< that the head has seen
  std::string held_out;        ///< the rows that temperature and thresholds were chosen on
  std::size_t held_out_rows = 0;
  evaluation::BootstrapOptions bootstrap;
  evaluation::Evaluation evaluation;
  evaluation::Reliability uncalibrated;  ///< with temperature 1
  std::vector<AppliedThresholds> applied;
  std::optional<ZeroShot> zero_shot;
};

/// @param zero_shot  probabilities of the evaluated rows without training, in the head's order of labels.
/// @throws as evaluation::evaluate().
HeadReport make_report(const TrainedHead& trained, const std::optional<evaluation::Scores>& zero_shot,
                       const evaluation::BootstrapOptions& bootstrap);

std::string to_json(const HeadReport& report);
std::string to_text(const HeadReport& report);
/// One page that needs no other file.
std::string to_html(const HeadReport& report);

// Pictures, each a whole SVG file.
std::string roc_svg(const HeadReport& report);
std::string confusion_svg(const HeadReport& report);
std::string reliability_svg(const HeadReport& report);

}  // namespace mi2::adapter
