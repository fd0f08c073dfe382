#pragma once
// Which label belongs to which embedding: a table with a path and a label a row, or a label a line.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vectors/vectors.hpp"

namespace mi2::vectors {

/// kOther: rows that are set aside ("outlier").
enum class Split : std::uint8_t { kTrain, kValidation, kTest, kOther };
/// Of "train", "val" (also "valid", "validation") or "test", in any case; else kOther.
Split parse_split(std::string_view name);

struct LabelOptions {
  std::string label_column;  ///< empty: base::kLabelColumn
  std::string split_column;  ///< empty: "split", if the table has it
};

struct LabelRow {
  std::string name;  ///< the path; empty in a list of labels
  std::string label;
  std::optional<Split> split;
  std::size_t line = 0;
};

struct LabelTable {
  std::string source;
  bool named = false;  ///< rows have paths
  bool has_splits = false;
  std::vector<LabelRow> rows;
};

/// A file whose name ends in .csv is a table with a header: its columns are those of base/table.hpp.
/// Any other is a list, a label per line, as base::read_list reads it.
/// @throws Error{kNotFound}; {kBadFile} naming the line or column.
LabelTable read_label_table(const std::filesystem::path& path, const LabelOptions& options);

/// What belongs together.
struct Join {
  std::vector<std::optional<std::size_t>> row_of;  ///< the label row of each embedding
  std::vector<std::size_t> unlabelled;             ///< embeddings without a label row
  std::size_t unused = 0;                          ///< label rows without an embedding
};

/// Joins a list by order; a table by path: two paths are of one file if the shorter one's folders and name are the end
/// of the longer's ("images/a.png" and "/data/images/a.png"); of several rows that match so, the longest path counts.
/// @throws Error{kBadArgument} for a list of another length; for embeddings without names and a table; for a path that
///         matches several rows equally well; for a row that two embeddings match; if nothing matches.
Join join(const VectorTable& table, const LabelTable& labels);
/// As above, of a table's paths alone. @param source  what errors call where they come from.
Join join(std::span<const std::string> names, std::string_view source, const LabelTable& labels);
/// As above; that nothing matches is an answer too.
Join lookup(std::span<const std::string> names, std::string_view source, const LabelTable& labels);

}  // namespace mi2::vectors
