// Zero-shot classification. Source: Radford et al., ICML 2021, section 3.1 (prompt ensembling in embedding space).

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include <mi2/mi2.hpp>

namespace mi2 {
namespace {

constexpr std::string_view kSlot = "{}";

std::string filled(const std::string& text, const std::string& label) {
  std::string result = text;
  for (std::size_t at = result.find(kSlot); at != std::string::npos; at = result.find(kSlot, at + label.size())) {
    result.replace(at, kSlot.size(), label);
  }
  return result;
}

void check(const std::vector<std::string>& labels, const std::vector<std::string>& templates) {
  if (labels.empty()) throw Error(Code::kBadArgument, "labels: found none, at least one is needed");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) throw Error(Code::kBadArgument, fmt::format("label {} is empty", i + 1));
    if (!seen.insert(labels[i]).second) {
      throw Error(Code::kBadArgument, fmt::format("label {} stands there twice; each is needed once", i + 1));
    }
  }
  if (templates.empty()) throw Error(Code::kBadArgument, "templates: found none, at least one is needed");
  for (std::size_t i = 0; i < templates.size(); ++i) {
    if (templates[i].find(kSlot) == std::string::npos) {
      throw Error(Code::kBadArgument, fmt::format("template {} has no '{{}}', where the label goes", i + 1));
    }
  }
}

/// The mean of unit vectors, as a unit vector.
Embedding mean_direction(std::span<const Embedding> vectors) {
  if (vectors.size() == 1) return vectors.front();
  std::vector<double> sum(vectors.front().size(), 0.0);
  for (const Embedding& vector : vectors) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += vector[i];
  }
  const double norm = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
  Embedding mean(sum.size());
  for (std::size_t i = 0; i < sum.size(); ++i) mean[i] = static_cast<float>(norm > 0 ? sum[i] / norm : 0.0);
  return mean;
}

}  // namespace

Classifier::Classifier(const Embedder& embedder, std::vector<std::string> labels, const ClassifierOptions& options)
    : labels_(std::move(labels)), scale_(std::exp(embedder.logit_scale())), multilabel_(options.multilabel) {
  check(labels_, options.templates);
  std::vector<std::string> texts;
  for (const std::string& label : labels_) {
    for (const std::string& text : options.templates) texts.push_back(filled(text, label));
  }
  std::vector<bool> cut;
  const std::vector<Embedding> vectors = embedder.embed_texts(texts, &cut);
  truncated_ = std::find(cut.begin(), cut.end(), true) != cut.end();
  const std::size_t each = options.templates.size();
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    vectors_.push_back(mean_direction(std::span(vectors).subspan(i * each, each)));
  }
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
