// mi2 dataset: published datasets as manifests.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "dataset_figures.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "prepared_dataset.hpp"
#include "recipe/prepare.hpp"
#include "recipe/recipe.hpp"

namespace mi2::cli {
namespace {

struct DatasetArguments {
  std::string name;
  std::string recipe;
  std::string out;
  std::string format = "table";
  PrepareArguments prepare;
  bool strict = false;
};

constexpr std::string_view kDatasetHelp =
    R"(A recipe says where a dataset's labels, patients and splits are, and which text each label has. Datasets
are yours to get, under their own licences: mi2 downloads nothing and writes nothing into them.

Examples:
  mi2 dataset list
  mi2 dataset describe padufes20
  mi2 dataset prepare padufes20 --root /data/pad-ufes-20 --out pad
  mi2 dataset figures --format csv

See 'mi2 dataset COMMAND --help'.
)";

constexpr std::string_view kPrepareHelp = R"(Output: DIR gets
  manifest.csv  file, id, label, caption, split, then patient, sex, age and what else is known: what
                mi2 train reads, and mi2 evaluate as --labels
  prompts.csv   the labels that a model chooses among, each with its published text
  recipe.json   counts found beside those published, what was left out and why, patients in several
                splits, seeds and settings, a hash of the listing of files, the licence

A row without an image, a label or a text is left out and counted, never dropped in silence. Counts that differ
from the published ones are shown; with --strict they are an error, and nothing is written.

Examples:
  mi2 dataset prepare isic2019 --root /data/isic2019 --out isic
  mi2 dataset prepare isic2019 --root /data/isic2019 --out isic --protocol published --seed 1
  mi2 dataset prepare --recipe ours.yaml --root /data/ours --out ours
)";

std::string numbers_of(const recipe::Published& published) {
  std::vector<std::string> parts;
  if (published.images) parts.push_back(fmt::format("{} images", *published.images));
  if (published.patients) parts.push_back(fmt::format("{} patients", *published.patients));
  for (const auto& [name, count] : published.splits) parts.push_back(fmt::format("{} {}", name, count));
  return fmt::format("{}", fmt::join(parts, ", "));
}

nlohmann::ordered_json summary_json(const recipe::Recipe& recipe) {
  nlohmann::ordered_json row{
      {"name", recipe.name}, {"title", recipe.title}, {"licence", recipe.licence}, {"about", recipe.about}};
  row["images"] = recipe.published.images ? nlohmann::ordered_json(*recipe.published.images) : nullptr;
  row["protocols"] = nlohmann::ordered_json::array();
  for (const recipe::SplitRule& rule : recipe.splits) row["protocols"].push_back(rule.name);
  row["benchmarks"] = nlohmann::ordered_json::object();
  for (const recipe::Benchmark& benchmark : recipe.benchmarks) {
    row["benchmarks"][benchmark.name] = {
        {"metric", benchmark.metric}, {"value", benchmark.value}, {"note", benchmark.note}};
  }
  row["others"] = nlohmann::ordered_json::object();
  for (const recipe::Benchmark& other : recipe.others) {
    row["others"][other.name] = {
        {"model", other.model}, {"metric", other.metric}, {"value", other.value}, {"note", other.note}};
  }
  row["settings"] = nlohmann::ordered_json::object();
  for (const recipe::Setting& setting : recipe.settings) {
    row["settings"][setting.name] = {
        {"default", setting.by_default}, {"choices", setting.choices}, {"help", setting.help}};
  }
  return row;
}

void print_answer(std::string_view text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

int list(const DatasetArguments& arguments) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  std::string table = fmt::format("{:<18} {:>8}  {}\n", "name", "images", "dataset");
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    all.push_back(summary_json(recipe));
    const auto& images = recipe.published.images;
    table += fmt::format("{:<18} {:>8}  {}\n", name, images ? fmt::format("{}", *images) : "", recipe.title);
  }
  print_answer(arguments.format == "json" ? all.dump(2) + "\n" : table);
  return 0;
}

int describe(const DatasetArguments& arguments) {
  const recipe::Recipe& recipe = recipe::find_recipe(arguments.name);
  if (arguments.format == "json") {
    print_answer(summary_json(recipe).dump(2) + "\n");
    return 0;
  }
  std::string text =
      fmt::format("{}: {}\n\n{}\n\nlicence: {}\n", recipe.name, recipe.title, recipe.about, recipe.licence);
  if (const std::string counts = numbers_of(recipe.published); !counts.empty()) {
    text += fmt::format("published: {}\n", counts);
  }
  for (const recipe::Benchmark& row : recipe.benchmarks) {
    text += fmt::format("benchmark {}: {} {}{}{}\n", row.name, row.metric, row.value, row.note.empty() ? "" : "; ",
                        row.note);
  }
  for (const recipe::Benchmark& row : recipe.others) {
    text += fmt::format("other model {}: {} {}; {}\n", row.name, row.metric, row.value, row.note);
  }
  text += "protocols:";
  for (const recipe::SplitRule& rule : recipe.splits) text += ' ' + rule.name;
  text += " (the first is the default)\n";
  for (const recipe::Setting& setting : recipe.settings) {
    text += fmt::format("setting {}={}: {}\n", setting.name, setting.by_default, setting.help);
  }
  text += "files:\n";
  for (const recipe::Source& source : recipe.rows) {
    text += fmt::format("  {}{}\n", fmt::join(source.table.empty() ? source.patterns : source.table, " or "),
                        source.optional ? " (optional)" : "");
  }
  for (const recipe::Join& join : recipe.joins) {
    text += fmt::format("  {}{}\n", fmt::join(join.source.table, " or "), join.source.optional ? " (optional)" : "");
  }
  print_answer(text);
  return 0;
}

void refuse_differences(const recipe::Prepared& prepared) {
  std::vector<std::string> texts;
  for (const recipe::Compared& row : recipe::differences_of(prepared)) {
    texts.push_back(fmt::format("{}: {} found, {} published", row.what, row.found, row.published));
  }
  for (const recipe::CheckedFile& file : prepared.checked) {
    if (file.md5 != file.published) texts.push_back(fmt::format("{}: another MD5 than published", file.path));
  }
  if (texts.empty()) return;
  throw Error(Code::kBadFile, fmt::format("--strict: {}: {}", prepared.root, fmt::join(texts, "; ")));
}

int prepare(DatasetArguments& arguments) {
  catch_interrupts();
  std::optional<recipe::Recipe> own;
  const recipe::Recipe& recipe = chosen_recipe(arguments.name, arguments.recipe, own);
  const std::filesystem::path folder = arguments.out;
  const recipe::Prepared prepared = prepare_dataset(recipe, arguments.prepare, folder);
  if (arguments.strict) refuse_differences(prepared);
  write_dataset(folder, prepared);
  print_answer(arguments.format == "json" ? recipe::recipe_json(prepared) : recipe::summary_text(prepared));
  return 0;
}

void add_format(CLI::App& command, DatasetArguments& arguments) {
  command.add_option("-f,--format", arguments.format, "How the answer is written")
      ->type_name("table|json")
      ->transform(one_of({"table", "json"}))
      ->capture_default_str();
}

void add_list(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<DatasetArguments>();
  add_format(command, *arguments);
  command.footer(fmt::format("Examples:\n  mi2 dataset list\n\n{}", exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return list(*arguments); }; });
}

void add_describe(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<DatasetArguments>();
  command.add_option("NAME", arguments->name, "As mi2 dataset list has it")->type_name("")->required();
  add_format(command, *arguments);
  command.footer(fmt::format("Examples:\n  mi2 dataset describe isic2019\n\n{}", exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return describe(*arguments); }; });
}

void add_figures(CLI::App& command, Session& session) {
  const auto format = std::make_shared<std::string>("table");
  command.add_option("-f,--format", *format, "How the answer is written")
      ->type_name("table|csv|json")
      ->transform(one_of({"table", "csv", "json"}))
      ->capture_default_str();
  command.footer(fmt::format("Examples:\n  mi2 dataset figures --format csv > figures.csv\n\n{}", exit_status_help()));
  command.callback([format, &session] {
    session.run = [format] {
      print_answer(figures_text(*format));
      return 0;
    };
  });
}

void add_prepare(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<DatasetArguments>();
  command.add_option("NAME", arguments->name, "As mi2 dataset list has it")->type_name("");
  command.add_option("--recipe", arguments->recipe, "A recipe of yours, in place of NAME")->type_name("FILE");
  command.add_option("--root", arguments->prepare.options.root, "The dataset's folder, as it was unpacked")
      ->type_name("DIR")
      ->required();
  command.add_option("-o,--out", arguments->out, "Where the manifest goes")->type_name("DIR")->required();
  command
      .add_option("--protocol", arguments->prepare.options.protocol, "How rows are split (default: the recipe's first)")
      ->type_name("NAME");
  command.add_option("--seed", arguments->prepare.options.seed, "Seed of splits that are drawn")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  command.add_option("--set", arguments->prepare.settings, "A setting of the recipe: KEY=VALUE")
      ->type_name("KEY=VALUE");
  command.add_flag("--strict", arguments->strict, "Refuse counts that differ from the published ones");
  add_format(command, *arguments);
  command.footer(fmt::format("{}\n{}", kPrepareHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return prepare(*arguments); }; });
}

}  // namespace

void add_dataset(CLI::App& command, Session& session) {
  command.require_subcommand(1);
  add_list(*command.add_subcommand("list", "Name the datasets that mi2 knows"), session);
  add_describe(*command.add_subcommand("describe", "Say what a dataset is and which files it needs"), session);
  add_figures(*command.add_subcommand("figures", "List what is published of models on these datasets, and of others"),
              session);
  add_prepare(*command.add_subcommand("prepare", "Write a manifest of a dataset on disk"), session);
  command.footer(fmt::format("{}\n{}", kDatasetHelp, exit_status_help()));
}

}  // namespace mi2::cli
