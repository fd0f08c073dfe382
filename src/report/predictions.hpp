#pragma once
// The table of what a model says: scores of every label for every id.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/table.hpp"
#include "evaluation/scores.hpp"

namespace mi2::report {

struct Predictions {
  std::string source;               ///< what errors call the table
  std::vector<std::string> labels;  ///< in the order of the columns; of a long table sorted, by size if all are numbers
  std::vector<std::string> ids;     ///< [rows], each once
  evaluation::Scores scores;        ///< [rows, labels], finite
};

/// Scores kept in memory: 512 MiB of them.
inline constexpr std::size_t kMaxScores = std::size_t{1} << 26;

/// Before anything is allocated for them. @param source  what the error calls them.
/// @throws Error{kTooLarge} over kMaxScores.
void check_size_of_scores(std::string_view source, std::size_t rows, std::size_t labels);

/// Reads either form. Wide: an id and one column of scores per label. Long: `id`, `label` and `score`, one row per id
/// and label, as mi2 classify --format csv writes it; further columns, such as `rank`, are passed over.
/// @param absent_score  of a label that a long table does not list for an id; none: every id lists every label.
/// @throws Error{kBadFile} naming the line: a score that is not a finite number, an id that is
///         empty or occurs twice, an id without one of the labels; no row; no label. {kTooLarge} over kMaxScores.
Predictions read_predictions(base::Table table, const std::optional<double>& absent_score);

}  // namespace mi2::report
