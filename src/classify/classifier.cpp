// Zero-shot classification. Source: Radford et al., ICML 2021, section 3.1.

#include <algorithm>
#include <cmath>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

#include "classify/prompts.hpp"
#include "classify/zero_shot.hpp"

namespace mi2 {

Classifier::Classifier(const Embedder& embedder, std::vector<std::string> labels, const ClassifierOptions& options)
    : labels_(std::move(labels)), scale_(std::exp(embedder.logit_scale())), multilabel_(options.multilabel) {
  const std::vector<std::string> texts = classify::prompts_of(labels_, options.templates);
  const auto [vectors, truncated] = embedder.embed_texts(texts);
  truncated_ = std::find(truncated.begin(), truncated.end(), true) != truncated.end();
  vectors_ = classify::label_directions(vectors, options.templates.size());
}

std::vector<LabelScore> Classifier::classify(std::span<const float> image) const {
  return classify::ranked_scores(labels_, classify::similarity_logits(image, vectors_, scale_), multilabel_);
}

}  // namespace mi2
