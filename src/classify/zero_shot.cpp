#include "classify/zero_shot.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace mi2::classify {

std::vector<double> similarity_logits(std::span<const float> image, const EmbeddingMatrix& labels, float scale) {
  if (!labels.empty() && labels.dimensions() != image.size()) {
    throw Error(Code::kBadArgument, fmt::format("the image's vector has {} numbers, the labels' have {}", image.size(),
                                                labels.dimensions()));
  }
  std::vector<double> logits;
  for (std::size_t i = 0; i < labels.rows(); ++i) {
    logits.push_back(scale * std::inner_product(image.begin(), image.end(), labels.row(i).begin(), 0.0));
  }
  return logits;
}

std::vector<double> probabilities(std::span<const double> logits, bool multilabel) {
  if (logits.empty()) return {};
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - top);
  std::vector<double> result;
  for (const double logit : logits) {
    result.push_back(multilabel ? 1.0 / (1.0 + std::exp(-logit)) : std::exp(logit - top) / sum);
  }
  return result;
}

std::vector<LabelScore> ranked_scores(std::span<const std::string> labels, std::span<const double> logits,
                                      bool multilabel) {
  const std::vector<double> values = probabilities(logits, multilabel);
  std::vector<LabelScore> scores;
  for (std::size_t i = 0; i < labels.size(); ++i) scores.push_back({labels[i], values[i]});
  std::stable_sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  return scores;
}

}  // namespace mi2::classify
