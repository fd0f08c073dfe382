// mi2 report model-card: what a model is, was trained on, answers and is not for.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "base/files.hpp"
#include "command.hpp"
#include "model_card_facts.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "report/card_evaluation.hpp"
#include "report/model_card.hpp"
#include "report_command.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxAccountBytes = 1'000'000;

struct ModelCardArguments {
  std::string path;
  bool best = false;
  CLI::Option* evaluations = nullptr;
  std::string energy;
  std::string name;
  std::string licence;
  std::string authors;
  std::string out;
  bool force = false;
};

constexpr std::string_view kModelCardHelp =
    R"(PATH is a model's folder, a packed file, or the folder of a run of mi2 train: then the card is of
its model/ (--best: of best/), and has the run's data, settings, curves and energy.
Each --evaluation is a folder that mi2 evaluate wrote, of a dataset or of two tables: figures with
intervals beside n, labels, groups with the worst one, calibration, warnings, and the energy of a
dataset's evaluation. One that is of other weights is refused.

The card states the intended and excluded uses of the published model with their sources. What is
not recorded is marked as such, and what only the authors know is left blank for them. Paths are
cut to their last part.

Output: DIR gets README.md (with the front matter that model hubs read), model-card.json and
model-card.html, which needs no other file.

Examples:
  mi2 report model-card models/starter --evaluation report --name Starter --licence mit --out card
  mi2 report model-card build/runs/starter --best --evaluation report --out card
  mi2 report carbon --gpu-hours 96 --watts V100 --format json > energy.json
  mi2 report model-card DIR --training-energy energy.json --out card
)";

report::ModelCard card_of(const ModelCardArguments& arguments) {
  report::ModelCard card;
  const fs::path path = arguments.path;
  const bool run = is_run(path);
  if (arguments.best && !run) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: has no train.yaml; --best is of a run of mi2 train", path.string()));
  }
  add_model(card, run ? path / (arguments.best ? "best" : "model") : path);
  if (run) {
    add_run(card, path);
  } else {
    add_no_run(card);
  }
  const fs::path plain = path.lexically_normal();
  card.name = !arguments.name.empty() ? arguments.name
              : plain.has_filename()  ? plain.filename().string()
                                      : plain.parent_path().filename().string();
  card.licence = arguments.licence;
  card.authors = arguments.authors;
  if (!arguments.energy.empty()) {
    card.energy.push_back({"training, as stated", base::read_text_file(arguments.energy, kMaxAccountBytes)});
  }
  for (const std::string& folder : values_of(arguments.evaluations)) {
    report::CardEvaluations found = report::read_card_evaluations(folder);
    if (!found.energy.empty()) card.energy.push_back({"evaluation: " + found.title, found.energy});
    for (report::CardEvaluation& one : found.reports) card.evaluations.push_back(std::move(one));
  }
  check(card);
  return card;
}

int model_card(const ModelCardArguments& arguments) {
  const fs::path folder = arguments.out;
  for (const char* name : {"README.md", "model-card.json", "model-card.html"}) {
    check_is_new((folder / name).string(), arguments.force);
  }
  Progress progress(0, "");
  progress.begin("reading the model");
  const report::ModelCard card = card_of(arguments);
  progress.rest();
  make_report_folder(arguments.out);
  base::AtomicFiles files;
  files.add(folder / "README.md", report::to_markdown(card));
  files.add(folder / "model-card.json", report::to_json(card));
  files.add(folder / "model-card.html", report::to_html(card));
  files.commit();
  progress.note(fmt::format("{}: reports of evaluations: {}, accounts of energy: {}; lines for the authors are empty",
                            (folder / "README.md").string(), card.evaluations.size(), card.energy.size()));
  return 0;
}

}  // namespace

void add_model_card(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ModelCardArguments>();
  command.add_option("PATH", arguments->path, "A model's folder, a packed file, or the folder of a run")->required();
  command.add_flag("--best", arguments->best, "Of a run: the model in best/, not that in model/");
  arguments->evaluations = add_repeatable(command, "--evaluation", "A folder that mi2 evaluate wrote");
  arguments->evaluations->type_name("DIR");
  command
      .add_option("--training-energy", arguments->energy, "What training took, an account in JSON of mi2 report carbon")
      ->type_name("FILE");
  command.add_option("--name", arguments->name, "Of the model (default: the last part of PATH)")->type_name("TEXT");
  command.add_option("--licence", arguments->licence, "Of the weights, as model hubs name it: mit, apache-2.0, other")
      ->type_name("TEXT");
  command.add_option("--authors", arguments->authors, "Who is responsible for the model")->type_name("TEXT");
  command.add_option("-o,--out", arguments->out, "The card's folder")->type_name("DIR")->required();
  command.add_flag("--force", arguments->force, "Replace files of a card that already exist");
  command.footer(fmt::format("{}\n{}", kModelCardHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return model_card(*arguments); }; });
}

}  // namespace mi2::cli
