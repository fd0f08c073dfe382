#pragma once
// Which rows of embeddings an adapter is trained, calibrated and evaluated on.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "adapter/training.hpp"
#include "progress.hpp"
#include "vector_arguments.hpp"
#include "vectors/label_table.hpp"
#include "vectors/vectors.hpp"

namespace mi2::cli {

/// The label of a row of embeddings, and where it stands.
struct RowLabel {
  std::string label;
  std::optional<vectors::Split> split;
  std::size_t line = 0;
  std::string source;
  std::string group{};       ///< as LabelRow::group
  std::string fold{};        ///< as LabelRow::fold
  std::string grouped_by{};  ///< as LabelTable::group_column
  std::string event{};       ///< as LabelRow::event
  std::string column{};      ///< as LabelTable::label_column
};

struct SplitTables {
  std::string validation;  ///< a table whose rows are all of the split val; empty: none
  std::string test;
};

/// The rows of several files, one after the other.
/// @param paths  as for read_embeddings, of one file.
/// @throws as read_embeddings(); Error{kBadArgument} for files that do not go together.
vectors::VectorTable read_all_embeddings(const std::vector<std::string>& files, const std::string& paths);

/// The label of every row of `table` that has one, from the table of labels and those of single splits; notes what does
/// not match. Where no table has groups, the frames of one file are one. [rows]
/// @throws as vectors::read_label_table() and vectors::join(); Error{kBadArgument} for a row that two tables have.
std::vector<std::optional<RowLabel>> label_rows(const vectors::VectorTable& table, const LabelTableArguments& labels,
                                                const SplitTables& splits, Progress& progress);

/// @param target   what labels are: one each; several with '|' between, or none; numbers; times, with their events.
/// @param classes  "A,B,C": only rows of these labels, or of findings only these; empty: all.
/// @param folds    whether the training rows name their folds.
/// @throws Error{kBadArgument} for a class, or the label of an evaluated row, that is on no training row, and for
///         tables of which one has groups and another has none; {kBadFile} for a row that counts whose group or fold is
///         empty, or that has no number, time or event where the target needs one; as
///         evaluation::check_size_of_findings().
adapter::TrainingSet training_set(const vectors::VectorTable& table, const std::vector<std::optional<RowLabel>>& rows,
                                  adapter::Target target, const std::string& classes, bool folds, Progress& progress);

/// What became of each row, as CSV: path,label,part,fold. The label is a row's findings with '|' between, its number,
/// or its time, with a + after it if it was censored. The part is train, val, test or "held out", the fold that in
/// which a training row was judged, from 1; empty without cross-validation, and where it could not be.
std::string parts_csv(const vectors::VectorTable& table, const adapter::TrainingSet& set,
                      const adapter::TrainedAdapter& trained);

}  // namespace mi2::cli
