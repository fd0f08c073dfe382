#pragma once
// From logits to scores of labels.

#include <span>
#include <string>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/matrix.hpp>

namespace mi2::classify {

/// scale * image . vector for each label's unit vector.
/// @throws Error{kBadArgument} for vectors of different lengths.
std::vector<double> similarity_logits(std::span<const float> image, const EmbeddingMatrix& labels, float scale);

/// Softmax over the logits, or each logit's own sigmoid, in their order.
std::vector<double> probabilities(std::span<const double> logits, bool multilabel);

/// The probabilities with their labels, best first; equal scores in the labels' order.
/// @param logits  one per label.
std::vector<LabelScore> ranked_scores(std::span<const std::string> labels, std::span<const double> logits,
                                      bool multilabel);

}  // namespace mi2::classify
