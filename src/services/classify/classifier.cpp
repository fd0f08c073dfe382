// Zero-shot classification. Source: Radford et al., ICML 2021, section 3.1.

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include <mi2/mi2.hpp>

#include "services/classify/prompts.hpp"

namespace mi2 {

Classifier::Classifier(const Embedder& embedder, std::vector<std::string> labels, const ClassifierOptions& options)
    : labels_(std::move(labels)), scale_(std::exp(embedder.logit_scale())), multilabel_(options.multilabel) {
  const std::vector<std::string> texts = prompts_of(labels_, options.templates);
  std::vector<bool> cut;
  const std::vector<Embedding> vectors = embedder.embed_texts(texts, &cut);
  truncated_ = std::find(cut.begin(), cut.end(), true) != cut.end();
  vectors_ = label_directions(vectors, options.templates.size());
}

std::vector<LabelScore> Classifier::classify(const Embedding& image) const {
  std::vector<double> logits;
  for (const Embedding& vector : vectors_) {
    if (vector.size() != image.size()) {
      throw Error(Code::kBadArgument,
                  fmt::format("the image's vector has {} numbers, the labels' have {}", image.size(), vector.size()));
    }
    logits.push_back(scale_ * std::inner_product(image.begin(), image.end(), vector.begin(), 0.0));
  }
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - top);
  std::vector<LabelScore> scores;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const double score = multilabel_ ? 1.0 / (1.0 + std::exp(-logits[i])) : std::exp(logits[i] - top) / sum;
    scores.push_back({labels_[i], score});
  }
  std::stable_sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  return scores;
}

}  // namespace mi2
