#pragma once
// Which label belongs to which image or embedding: a table with one path and one label per row, or a list with one
// label per line.

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
  std::string label_column;    ///< empty: base::kLabelColumn
  std::string split_column;    ///< empty: "split", if the table has it
  std::string split;           ///< rows whose split is spelled otherwise do not count; empty: all do
  std::string group_column{};  ///< empty: base::kGroupColumn, if the table has one of these
  std::string fold_column{};   ///< empty: none
  std::string event_column{};  ///< empty: none
  bool may_be_empty = false;   ///< a label: that of a row without findings
};

struct LabelRow {
  std::string name;  ///< the path; empty in a list of labels
  std::string label;
  std::optional<Split> split;
  std::size_t line = 0;
  std::string group{};  ///< whose rows stay together: a patient; empty where the table does not say
  std::string fold{};   ///< of LabelOptions::fold_column
  std::string event{};  ///< of LabelOptions::event_column
};

struct LabelTable {
  std::string source;
  std::filesystem::path folder;  ///< where relative paths of rows start; empty: the working directory
  bool named = false;            ///< rows have paths
  bool is_of_files = true;       ///< false: paths are names only, and nothing on this machine is looked up by them
  bool has_splits = false;
  std::string group_column{};  ///< the name of the rows' groups; empty: the table has none
  std::string label_column{};  ///< the name of the labels; empty: a list
  std::vector<LabelRow> rows;
};

/// A table with a header, whatever the file's name: its columns are those of base/table.hpp.
/// @throws as base::Table::read; Error{kBadFile} for a column that is missing, an empty path or label, or no row;
///         {kTooLarge} for a path over 4096 bytes; {kBadArgument} for no row of the chosen split.
/// A group or fold may be empty here: require_group() refuses what counts.
LabelTable read_path_table(const std::filesystem::path& path, const LabelOptions& options);

/// A file whose name ends in .csv is read as by read_path_table; any other is a list, one label per line, as
/// base::read_list reads it. @throws as those; Error{kBadArgument} for a list where a group, fold or event column is
/// named.
LabelTable read_label_table(const std::filesystem::path& path, const LabelOptions& options);

/// The group of a row of a table that has groups. @throws Error{kBadFile} naming the line if it is empty: whose row it
/// is nobody knows, so nothing shows that it is apart from the others.
const std::string& require_group(const LabelTable& table, const LabelRow& row);

/// What belongs together.
struct Join {
  std::vector<std::optional<std::size_t>> row_of;  ///< the label row of each embedding
  std::vector<std::size_t> unlabelled;             ///< embeddings without a label row
  std::size_t unused = 0;                          ///< label rows without an embedding
};

/// Joins a list by order and a table by path. A row belongs first to its own file: the same name in the same folder,
/// whatever links and dots lead there, relative rows starting at the table's folder and names at the working directory.
/// What is left matches by its end: the shorter path's folders and name are the end of the longer's ("images/a.png" and
/// "/data/images/a.png"); of several rows that match so, the longest path counts.
/// @throws Error{kBadFile} for two rows of one file; {kBadArgument} for a list of another length; for embeddings
/// without
///         names and a table; for a path that matches several rows equally well; for a row that two names match,
///         unless they are frames of one file, which share its label; if nothing matches.
Join join(const VectorTable& table, const LabelTable& labels);
/// As above, of a table's paths alone. @param source  what errors call where they come from.
/// @param frames  as VectorTable::frames.
Join join(std::span<const std::string> names, std::string_view source, const LabelTable& labels,
          std::span<const std::uint64_t> frames = {});
/// As above, but it is no error if nothing matches.
Join lookup(std::span<const std::string> names, std::string_view source, const LabelTable& labels,
            std::span<const std::uint64_t> frames = {});

}  // namespace mi2::vectors
