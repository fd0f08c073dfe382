#pragma once
// Which label each row of embeddings has, of one table or of a table per split.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

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

/// The label of every row of `table` that has one, from the table of labels and those of single splits; notes what does
/// not match. Where no table has groups, the frames of one file are one. [rows]
/// @throws as vectors::read_label_table() and vectors::join(); Error{kBadArgument} for a row that two tables have.
std::vector<std::optional<RowLabel>> label_rows(const vectors::VectorTable& table, const LabelTableArguments& labels,
                                                const SplitTables& splits, Progress& progress);

}  // namespace mi2::cli
