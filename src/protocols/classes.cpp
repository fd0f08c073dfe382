#include "protocols/classes.hpp"

#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "classify/zero_shot.hpp"

namespace mi2::protocols {

std::vector<double> logits_of(const ServedModel& classifier, std::span<const float> image) {
  switch (classifier.kind) {
    case ModelKind::kZeroShot:
      return classify::similarity_logits(image, classifier.label_vectors, std::exp(classifier.logit_scale));
    case ModelKind::kAdapter: {
      const std::vector<float> logits = classifier.adapter(image);
      if (logits.size() == classifier.labels.size()) return {logits.begin(), logits.end()};
      throw Error(Code::kInternal, fmt::format("the adapter of model {} answers with {} numbers for {} labels",
                                               classifier.name, logits.size(), classifier.labels.size()));
    }
    case ModelKind::kEmbedding:
      break;
  }
  throw Error(Code::kInternal, fmt::format("model {} is no classifier", classifier.name));
}

std::vector<LabelScore> classify(const ServedModel& classifier, std::span<const float> image) {
  return classify::ranked_scores(classifier.labels, logits_of(classifier, image), false);
}

}  // namespace mi2::protocols
