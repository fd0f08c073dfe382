#pragma once
// Scores of labels for an image's vector.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/matrix.hpp>

#include "protocols/service.hpp"

namespace mi2::protocols {

/// One logit a label. @throws Error{kInternal} unless the model is a classifier.
std::vector<double> logits_of(const ServedModel& classifier, std::span<const float> image);

/// @throws Error{kTooLarge} if the labels' scores for so many images make an answer over Limits::answer_bytes.
void check_answer(const Limits& limits, std::size_t images, std::span<const std::string> labels);

/// A classifier's softmax over its labels, best first.
std::vector<LabelScore> classify(const ServedModel& classifier, std::span<const float> image);

}  // namespace mi2::protocols
