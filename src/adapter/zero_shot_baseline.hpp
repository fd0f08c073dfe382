#pragma once
// Zero-shot scores of the rows that an adapter is evaluated on.

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

#include "evaluation/scores.hpp"

namespace mi2::adapter {

/// The prompt of each label: from a CSV with the columns label and prompt, further ones do not matter.
/// @throws Error{kNotFound}; {kBadFile} for a column that is missing; {kBadArgument} for a label without a row.
std::vector<std::string> read_prompts(const std::filesystem::path& path, std::span<const std::string> labels);

/// Zero-shot classification of embeddings with the model's own texts: probabilities
/// [rows, prompts]. @param rows  those of `embeddings` that are wanted.
/// @throws as Classifier.
evaluation::Scores zero_shot_scores(const Embedder& embedder, const std::vector<std::string>& prompts,
                                    const EmbeddingMatrix& embeddings, std::span<const std::size_t> rows);

/// Scores that mi2 classify wrote as JSON lines, each with all labels.
struct ScoreTable {
  std::string source;
  std::vector<std::string> paths;
  std::vector<std::map<std::string, double>> scores;  ///< of each path
};
/// @throws Error{kNotFound}, {kTooLarge}; {kBadFile} naming the line.
ScoreTable read_scores(const std::filesystem::path& path);
ScoreTable parse_scores(std::string_view bytes, std::string_view source);

/// The scores of `names`, in that order, for `prompts`; paths match as in vectors::join.
/// @throws Error{kBadArgument} for a name that is not in the table or a row without one of the prompts.
evaluation::Scores scores_of(const ScoreTable& table, std::span<const std::string> names,
                             std::span<const std::string> prompts);

}  // namespace mi2::adapter
