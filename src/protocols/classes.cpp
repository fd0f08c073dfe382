#include "protocols/classes.hpp"

#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "base/json_text.hpp"
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

void check_answer(const Limits& limits, std::size_t images, std::span<const std::string> labels) {
  constexpr std::size_t kScoreBytes = 48;  // a number, and the keys around it
  std::size_t row = 0;
  for (const std::string& label : labels) row += base::json_string(label).size() + kScoreBytes;
  if (row == 0 || images <= limits.answer_bytes / row) return;
  throw Error(Code::kTooLarge,
              fmt::format("the scores of {} labels for {} images: about {} bytes, the limit is {}", labels.size(),
                          images, base::checked_mul(row, images, "scores"), limits.answer_bytes));
}

std::vector<LabelScore> classify(const ServedModel& classifier, std::span<const float> image) {
  return classify::ranked_scores(classifier.labels, logits_of(classifier, image), false);
}

}  // namespace mi2::protocols
