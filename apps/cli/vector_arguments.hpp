#pragma once
// Files of embeddings and of labels on the command line, and what is reported about rows that do not match.

#include <string>
#include <vector>

#include <mi2/provenance.hpp>

#include "progress.hpp"
#include "vectors/label_table.hpp"
#include "vectors/vectors.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

/// The help about both kinds of files.
inline constexpr const char* kVectorHelp = R"(Embeddings:
  Files that mi2 embed wrote: jsonl, csv or npy, recognised by their first bytes. An npy
  has no paths: --paths FILE lists them, one per line, or --labels has one label per line.

Labels:
  FILE.csv has a header, a path column (path, file, image, name, filename or input) and
  a label column. A row belongs to the same file (relative to FILE's folder), else to the
  path with the longest common end: "images/a.png" and "/data/images/a.png". An optional
  column split assigns rows: train, val or test; others do not count. Rows of one patient
  (column patient or patient_id, or --group COLUMN) stay together; none may be empty. Any
  other file has one label per line, in order.
)";

struct LabelTableArguments {
  std::string labels;
  std::string paths;
  vectors::LabelOptions options;
};

/// Declares --labels, --labels-column, --split-column, --group and --paths. `arguments` outlives the App.
void add_label_table_arguments(CLI::App& command, LabelTableArguments& arguments);

/// @param paths  a file with one path per line, or empty. @throws as read_vectors() and name_rows().
vectors::VectorTable read_embeddings(const std::string& file, const std::string& paths);

/// As vectors::join(), and notes how many rows do not match, with the first names.
vectors::Join join_and_report(const vectors::VectorTable& table, const vectors::LabelTable& labels, Progress& progress);

/// Refuses vectors of other weights than what they are used with; notes another profile or dtype.
/// @param found, wanted  where known. @param what  what `wanted` is of: "the adapter".
/// @throws Error{kBadArgument} for other weights.
void check_origin(const std::optional<Provenance>& found, const std::optional<Provenance>& wanted,
                  const std::string& what, Progress& progress);

}  // namespace mi2::cli
