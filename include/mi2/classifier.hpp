#pragma once
// Zero-shot classification: labels in place of training.

#include <span>
#include <string>
#include <vector>

#include <mi2/export.h>
#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

namespace mi2 {

struct LabelScore {
  std::string label;
  double score = 0;  ///< softmax over the labels, or each label's own sigmoid
};

struct ClassifierOptions {
  std::vector<std::string> templates = {"{}"};  ///< each holds "{}"; their text vectors are averaged
  bool multilabel = false;                      ///< sigmoid in place of softmax
};

/// Zero-shot classification: labels are texts, the nearest wins. The embedder need not outlive it.
class MI2_EXPORT Classifier {
 public:
  /// @throws Error{kBadArgument} for no label, a label twice, or a template without "{}".
  Classifier(const Embedder& embedder, std::vector<std::string> labels, const ClassifierOptions& options = {});

  [[nodiscard]] const std::vector<std::string>& labels() const noexcept { return labels_; }
  /// Whether a label's text (in any template) was longer than the model's context.
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  /// Scores of all labels for one image vector, best first; equal scores keep the labels' order.
  [[nodiscard]] std::vector<LabelScore> classify(std::span<const float> image) const;

 private:
  std::vector<std::string> labels_;
  EmbeddingMatrix vectors_;
  float scale_ = 1;
  bool multilabel_ = false;
  bool truncated_ = false;
};

}  // namespace mi2
