#pragma once
// Files of embeddings and of labels on the command line, and what to tell about rows that do not match.

#include <string>
#include <vector>

#include <mi2/provenance.hpp>

#include "progress.hpp"
#include "vectors/labels.hpp"
#include "vectors/vectors.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

/// The help about both kinds of files.
inline constexpr const char* kVectorHelp = R"(Embeddings:
  Files that mi2 embed wrote: jsonl, csv or npy, told by their first bytes. An npy has no
  paths: --paths FILE gives them, one a line, or --labels holds a label a line.

Labels:
  FILE.csv has a header, a column path, file or name, and the label's column. A path
  matches if it is the end of the other, from a folder's or file's name on:
  "images/a.png" and "/data/images/a.png". The column split, if there is one, says which
  rows are for what: train, val, test; others do not count. Any other file holds a label
  a line, in order.
)";

struct LabelTableArguments {
  std::string labels;
  std::string paths;
  vectors::LabelOptions options;
};

/// Declares --labels, --labels-column, --split-column and --paths. `arguments` outlives the App.
void add_label_table_arguments(CLI::App& command, LabelTableArguments& arguments);

/// @param paths  a file with a path a line, or empty. @throws as read_vectors() and name_rows().
vectors::VectorTable read_embeddings(const std::string& file, const std::string& paths);

/// As vectors::join(), and notes how many rows do not match, with the first names.
vectors::Join join_and_tell(const vectors::VectorTable& table, const vectors::LabelTable& labels, Progress& progress);

/// Refuses vectors that come of other weights than what they are used with; notes another profile or dtype.
/// @param found, wanted  where known. @param what  what `wanted` is of: "the head".
/// @throws Error{kBadArgument} for other weights.
void check_origin(const std::optional<Provenance>& found, const std::optional<Provenance>& wanted,
                  const std::string& what, Progress& progress);

}  // namespace mi2::cli
