#pragma once
// --labels, --labels-file and --template: what an image is compared with.

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace mi2::cli {

struct LabelArguments {
  std::string labels;
  std::string labels_file;
  const CLI::Option* templates = nullptr;
};

/// `arguments` outlives the App.
void add_label_arguments(CLI::App& command, LabelArguments& arguments);

/// The labels as given; none if neither option was, or --labels holds only commas.
/// @throws as read_labels; Error{kBadArgument} for one that is not UTF-8.
std::vector<std::string> gather_labels(const LabelArguments& arguments);

/// The templates as given; none if the option was not.
/// @throws Error{kBadArgument} for one that is not UTF-8 or has no place for the label.
std::vector<std::string> gather_templates(const LabelArguments& arguments);

}  // namespace mi2::cli
