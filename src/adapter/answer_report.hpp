#pragma once
// What a classifier is worth on images whose label is known, for machines and for people.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluation/evaluation.hpp"
#include "evaluation/f1.hpp"

namespace mi2::adapter {

struct AnswerReport {
  std::vector<std::string> labels;
  evaluation::Evaluation evaluation;  ///< without intervals
  std::vector<std::optional<double>> f1_thresholds;
  evaluation::Thresholded at_best_f1;  ///< on the rows that the thresholds were chosen on
};

/// @param scores  [rows, labels]. @param truth  [rows], indices of labels. @throws as evaluation::check().
AnswerReport make_answer_report(std::vector<std::string> labels, const evaluation::Scores& scores,
                                std::span<const std::size_t> truth);

std::string to_json(const AnswerReport& report);
/// A table of the labels, averages, and the confusion of up to 20 labels.
std::string to_text(const AnswerReport& report);

}  // namespace mi2::adapter
