#include "vector_arguments.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

namespace mi2::cli {

void add_label_table_arguments(CLI::App& command, LabelTableArguments& arguments) {
  command
      .add_option("--labels", arguments.labels,
                  "A CSV with one path and label per row, or a list with one label per line")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--labels-column", arguments.options.label_column,
                  "The label's column (default: label, class_name, class, labels)")
      ->type_name("NAME");
  command
      .add_option("--split-column", arguments.options.split_column, "The split's column (default: split, if it exists)")
      ->type_name("NAME");
  command
      .add_option(
          "--group", arguments.options.group_column,
          "The column whose equal values are never split between parts (default: patient, patient_id, if it exists)")
      ->type_name("COLUMN");
  command.add_option("--paths", arguments.paths, "The paths of an npy's rows, one per line")->type_name("FILE");
}

vectors::VectorTable read_embeddings(const std::string& file, const std::string& paths) {
  vectors::VectorTable table = vectors::read_vectors(file, paths.empty());
  if (!paths.empty()) vectors::name_rows(table, paths);
  return table;
}

vectors::Join join_and_report(const vectors::VectorTable& table, const vectors::LabelTable& labels,
                              Progress& progress) {
  vectors::Join joined = vectors::join(table, labels);
  if (!joined.unlabelled.empty()) {
    constexpr std::size_t kShown = 3;
    std::string names;
    for (std::size_t i = 0; i < std::min(kShown, joined.unlabelled.size()); ++i) {
      names += fmt::format("{}{}", i > 0 ? ", " : "", table.names[joined.unlabelled[i]]);
    }
    progress.note(fmt::format("{}: {} of {} rows have no label in {} and do not count: {}{}", table.source,
                              joined.unlabelled.size(), table.vectors.rows(), labels.source, names,
                              joined.unlabelled.size() > kShown ? ", .." : ""));
  }
  if (joined.unused > 0) {
    progress.note(fmt::format("{}: {} of {} rows have no embedding in {} and do not count", labels.source,
                              joined.unused, labels.rows.size(), table.source));
  }
  return joined;
}

void check_origin(const std::optional<Provenance>& found, const std::optional<Provenance>& wanted,
                  const std::string& what, Progress& progress) {
  if (!found || !wanted) return;
  if (found->weights_sha256 != wanted->weights_sha256) {
    throw Error(
        Code::kBadArgument,
        fmt::format("the embeddings come from weights {:.12}.., those of {} of {:.12}..; vectors of two models do "
                    "not compare",
                    found->weights_sha256, what, wanted->weights_sha256));
  }
  if (found->profile != wanted->profile || found->dtype != wanted->dtype) {
    progress.note(fmt::format("the embeddings are of profile {}, dtype {}; those of {} of {}, {}", found->profile,
                              found->dtype, what, wanted->profile, wanted->dtype));
  }
}

}  // namespace mi2::cli
