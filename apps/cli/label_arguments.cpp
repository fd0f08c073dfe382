#include "label_arguments.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "arguments.hpp"
#include "base/utf8.hpp"
#include "inputs.hpp"

namespace mi2::cli {

void add_label_arguments(CLI::App& command, LabelArguments& arguments) {
  CLI::Option* const labels =
      command.add_option("-l,--labels", arguments.labels, "Labels, separated by commas, or a JSON list");
  labels->type_name("A,B,C");
  command
      .add_option("--labels-file", arguments.labels_file, "A file with one label per line, a *.json list or a *.csv")
      ->type_name("FILE")
      ->excludes(labels);
  arguments.templates =
      add_repeatable(command, "--template", "A text around the label, with {}; may be given again")->type_name("TEXT");
}

std::vector<std::string> gather_labels(const LabelArguments& arguments) {
  if (!arguments.labels_file.empty()) return read_labels(arguments.labels_file);
  std::vector<std::string> labels = listed_labels(arguments.labels, "--labels");
  std::error_code ignored;
  if (labels.size() == 1 && std::filesystem::is_regular_file(labels.front(), ignored)) {
    throw Error(Code::kBadArgument, fmt::format("--labels: {} is a file; expected labels separated by commas, or "
                                                "--labels-file",
                                                labels.front()));
  }
  return labels;
}

std::vector<std::string> gather_templates(const LabelArguments& arguments) {
  std::vector<std::string> templates = values_of(arguments.templates);
  base::require_utf8(templates, "template");
  for (std::size_t i = 0; i < templates.size(); ++i) {
    if (templates[i].find("{}") != std::string::npos) continue;
    throw Error(Code::kBadArgument, fmt::format("--template {}: does not hold {{}}, the label's place", i + 1));
  }
  return templates;
}

}  // namespace mi2::cli
