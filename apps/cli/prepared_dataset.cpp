#include "prepared_dataset.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> parse_settings(const std::vector<std::string>& given) {
  std::map<std::string, std::string> settings;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Code::kBadArgument, fmt::format("--set: expected KEY=VALUE, got '{}'", text));
    }
    if (!settings.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      throw Error(Code::kBadArgument, fmt::format("--set: {} is given twice", text.substr(0, equals)));
    }
  }
  return settings;
}

/// Nothing is ever written into a dataset.
void refuse_inside(const fs::path& folder, const fs::path& root) {
  std::error_code ignored;
  const fs::path inner = fs::weakly_canonical(folder, ignored);
  const fs::path outer = fs::canonical(root, ignored);
  if (outer.empty()) return;
  const auto [at, rest] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  if (at != outer.end()) return;
  throw Error(Code::kBadArgument,
              fmt::format("--out: {} is in the dataset's folder, where nothing is written; expected "
                          "another",
                          folder.string()));
}

}  // namespace

const recipe::Recipe& chosen_recipe(const std::string& name, const std::string& file,
                                    std::optional<recipe::Recipe>& own) {
  if (name.empty() == file.empty()) throw Error(Code::kBadArgument, "expected a dataset's NAME or --recipe");
  if (file.empty()) return recipe::find_recipe(name);
  return own.emplace(recipe::read_recipe(file));
}

recipe::Prepared prepare_dataset(const recipe::Recipe& recipe, PrepareArguments arguments, const fs::path& folder) {
  arguments.options.settings = parse_settings(arguments.settings);
  refuse_inside(folder, arguments.options.root);
  arguments.options.out = fs::absolute(make_report_folder(folder.string()));
  Progress bar(0, "");
  bar.begin("reading the dataset");
  recipe::Prepared prepared = recipe::prepare(recipe, arguments.options, shown_on(bar));
  bar.rest();
  for (const std::string& warning : prepared.notes.warnings) bar.warn(fmt::format("warning: {}", warning));
  return prepared;
}

void write_dataset(const fs::path& folder, const recipe::Prepared& prepared) {
  base::AtomicFiles files;
  files.add(folder / "manifest.csv", recipe::manifest_csv(prepared));
  files.add(folder / "prompts.csv", recipe::prompts_csv(prepared));
  files.add(folder / "recipe.json", recipe::recipe_json(prepared));
  files.commit();
}

}  // namespace mi2::cli
