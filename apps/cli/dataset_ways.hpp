#pragma once
// Ways of answering for the images of a dataset: by texts, by neighbours, by a classifier on vectors.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

#include "recipe/prepare.hpp"
#include "report/predictions.hpp"

namespace mi2::cli {

/// A dataset's rows with the vectors of their images.
struct EmbeddedDataset {
  const recipe::Prepared& prepared;
  EmbeddingMatrix vectors;
  std::vector<std::optional<std::size_t>> row_of;  ///< per row of the dataset: its vector; none: it could not be read
  unsigned threads = 0;
  std::uint64_t seed = 0;
};

/// What one way says of the rows of val and test.
struct Answers {
  std::string key;             ///< the folder of its report: "zero-shot"
  std::string title;           ///< for people
  bool probabilities = false;  ///< what scores are, whatever they look like
  std::string scores;          ///< what scores are: "softmax of 100 x cosine"
  report::Predictions predictions;
};

/// The nearest text. Of one label a softmax over the labels' texts; of findings each text's cosine, since their labels
/// overlap; of ages a softmax over ages, of both sexes the likelier text.
Answers answer_by_texts(const EmbeddedDataset& data, const Embedder& embedder);

/// The vote of the k nearest training images, each one voice, without the query's own patient; of ages their mean.
/// @returns nothing if no training row has a vector.
std::optional<Answers> answer_by_neighbours(const EmbeddedDataset& data, std::size_t k);

/// A linear classifier that is trained on the training images; of ages a linear regression by least absolute error.
/// Needs libtorch.
/// @returns nothing if no training row has a vector.
std::optional<Answers> answer_by_probe(const EmbeddedDataset& data, const base::OnProgress& progress);

}  // namespace mi2::cli
