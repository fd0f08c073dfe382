// mi2 evaluate: what a model's answers are worth, as a report.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "base/comma_list.hpp"
#include "base/numbers.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "evaluate_dataset.hpp"
#include "evaluate_tables.hpp"
#include "interrupt.hpp"
#include "irma_errors.hpp"
#include "report/analysis.hpp"
#include "report/cases.hpp"
#include "torch_program.hpp"

namespace mi2::cli {
namespace {

struct EvaluateArguments : TableEvaluation {
  bool retrieval = false;
  std::string irma;  ///< the table of codes
  bool many = false;
  bool ages = false;
  std::string age_bands;
  bool all = false;  ///< datasets
  DatasetEvaluation datasets;
};

constexpr std::string_view kEvaluateHelp = R"(A published dataset:
  NAME (mi2 dataset list) or --recipe FILE, with --root and --model: the dataset is prepared as by
  mi2 dataset prepare, its images are embedded, and each way has a report in a folder of DIR:
  zero-shot (the nearest text), knn-64 and knn-5 (neighbours in the training split) and probe (a
  linear classifier, which needs libtorch). DIR/report.html compares them with the published figures;
  evaluation.json has the same. --ways fine-tune trains the model on the training split first, as mi2
  train does, and never on test: DIR/fine-tune/run is its folder, --resume continues it, and --set
  changes its settings. --all evaluates every folder of --root that has a dataset's name, and prints
  the published table with a column of ours. Vectors are kept in --cache (DIR/cache), by each file's
  path, size and time and by the weights: a second run embeds only what has changed, and a killed one
  continues. Both files state the run's energy and CO2, each factor with its source (--watts, --pue,
  --region).

Tables (CSV, any order of rows, matched by id):
  --predictions  `id` and one column of scores per label; or one row per id and label,
                 `id,label,score`, as mi2 classify --format csv writes it (`path` is an id too). A
                 single column of scores is of one finding: its rows are labelled 1 and 0
  --labels       `id,label`, with any further columns: `patient`, `split`, `sex`, `age` are known by
                 name, and others of at most 20 values make groups too. With splits, test rows are
                 evaluated and val rows choose operating points
  --attributes   more columns of the same ids

Scores of one label per row that are not probabilities go through a softmax, times --scale; the
AUC of the scores as given is reported beside it. With --multi-label a label is `a|b`, and each
score stands for itself. With --ages labels are numbers: scores are one column of guesses, or one
column per age, whose name is the age.

What is refused: an id twice, a score that is not a finite number, a label without scores
(--drop-unscored), a labelled row without scores (--allow-missing), a patient in several splits
(--allow-leak). What these options admit is counted in the report.

Output: DIR gets report.html, report.json, figures.csv, labels.csv, groups.csv, points.csv,
worst.csv, rows.csv and tables.tex; a summary goes to standard output. What is undefined, such as
the AUC of a label that no row has, is null with a reason, and means are over the others.

--compare takes two such folders of the same rows and writes comparison.html and
comparison.json: differences with intervals and p (bootstrap, by patient where patients are
named; DeLong's paired test of each label; McNemar's exact test of accuracy).

--retrieval takes `query,item,score` as --predictions, and `id,label` of queries and items, with
`patient` if known, as --labels. An item is relevant if it shares a label with the query; the
query itself and items of its patient are left out. It writes retrieval.html and retrieval.json:
mean average precision, and P, R and nDCG at 1, 5 and 10, with intervals by query or patient.

--irma FILE takes IRMA codes: `id,code` (or `id,code,score`, of which the best counts) as --predictions, in
which a place may be '*', and `id,code` as --labels; FILE is the table of codes (code-2008-04-14.txt). It
writes irma.json, irma.html and irma.csv: the sum and the mean of the errors, as ImageCLEF counted them.

Examples:
  mi2 evaluate isic2019 --root /data/isic2019 --model DIR --out report
  mi2 evaluate chestxray14 --root /data/nih --model DIR --ways fine-tune --set BF16=true --out tuned
  mi2 classify --model DIR --labels-file labels.txt --format csv --top 1000 images/ > p.csv
  mi2 evaluate --predictions p.csv --labels l.csv --out report
  mi2 evaluate --predictions p.csv --labels l.csv --attributes people.csv --prevalence 0.02 --out r
  mi2 evaluate --compare report-of-a report-of-b --out comparison
  mi2 evaluate --predictions ages.csv --labels boneage.csv --ages --out report
)";

/// "0,18,40": where each band starts.
std::vector<double> parse_bands(const std::string& text) {
  std::vector<double> bands;
  for (const std::string_view part : base::comma_parts(text)) {
    const auto age = base::parse_finite(part);
    if (!age) throw Error(Code::kBadArgument, fmt::format("--age-bands: expected numbers A,B,C, got '{}'", text));
    bands.push_back(*age);
  }
  return bands;
}

bool of_datasets(const EvaluateArguments& arguments) {
  return arguments.all || !arguments.datasets.name.empty() || !arguments.datasets.recipe.empty();
}

int evaluate(EvaluateArguments& arguments) {
  catch_interrupts();
  if (of_datasets(arguments)) {
    arguments.datasets.out = arguments.out;
    arguments.datasets.analysis = arguments.analysis;
    if (!arguments.age_bands.empty()) arguments.datasets.analysis.groups.age_bands = parse_bands(arguments.age_bands);
    return arguments.all ? evaluate_all(arguments.datasets) : evaluate_dataset(arguments.datasets);
  }
  if (!arguments.compared.empty()) return compare_reports(arguments);
  if (arguments.retrieval) return judge_retrieval(arguments);
  if (!arguments.irma.empty()) {
    return evaluate_irma({arguments.irma, arguments.predictions, arguments.labels, arguments.out}, arguments.cases,
                         arguments.analysis);
  }
  if (arguments.predictions.empty() || arguments.labels.empty()) {
    throw Error(Code::kBadArgument, "evaluate: expected a dataset's NAME, --predictions and --labels, or --compare");
  }
  if (arguments.many) arguments.cases.task = report::Task::kMany;
  if (arguments.ages) arguments.cases.task = report::Task::kAges;
  if (!arguments.age_bands.empty()) arguments.analysis.groups.age_bands = parse_bands(arguments.age_bands);
  return evaluate_tables(arguments);
}

void add_dataset_arguments(CLI::App& command, DatasetEvaluation& dataset) {
  command.add_option("NAME", dataset.name, "A published dataset, as mi2 dataset list has it")->type_name("");
  command.add_option("--recipe", dataset.recipe, "A recipe of yours, in place of NAME")->type_name("FILE");
  command.add_option("--root", dataset.dataset.options.root, "The dataset's folder")->type_name("DIR");
  command
      .add_option("--protocol", dataset.dataset.options.protocol,
                  "How the dataset is split (default: the recipe's first)")
      ->type_name("NAME");
  command
      .add_option("--set", dataset.dataset.settings,
                  "A setting of the recipe: KEY=VALUE; a KEY in capitals is one of mi2 train, for fine-tune")
      ->type_name("KEY=VALUE");
  command.add_option("--split-seed", dataset.dataset.options.seed, "Seed of drawn splits and of the probe")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  command.add_option("--ways", dataset.ways, "How the model answers (default: zero-shot,knn,probe)")
      ->type_name("zero-shot,knn,probe,fine-tune")
      ->delimiter(',')
      ->transform(one_of({"zero-shot", "knn", "probe", "fine-tune"}));
  command.add_flag("--resume", dataset.tuning.resume, "Go on with the fine-tuning that --out holds, if it holds one");
  command.add_flag("!--no-images", dataset.thumbnails, "Reports name their worst errors, and show no images");
  command.add_option("--cache", dataset.cache, "Where vectors are kept (default: DIR/cache)")->type_name("DIR");
  add_model_arguments(command, dataset.model);
  add_energy_arguments(command, dataset.energy);
  command.get_option("--model")->required(false);
}

/// Options that would have no effect.
void refuse_beside(const CLI::App& command, const char* mode, std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    if (command.get_option(name)->count() == 0) continue;
    throw Error(Code::kBadArgument,
                fmt::format("evaluate: {} has no effect beside {}; expected one of them", name, mode));
  }
}

void add_case_arguments(CLI::App& command, EvaluateArguments& arguments) {
  CLI::Option* const many =
      command.add_flag("--multi-label", arguments.many, "A row has any number of labels: `a|b`, or nothing");
  command.add_flag("--ages", arguments.ages, "Labels are numbers, such as ages in months")->excludes(many);
  command.add_option("--label-column", arguments.cases.label_column, "The column of --labels with the label")
      ->type_name("NAME");
  command.add_option("--absent-score", arguments.absent_score, "The score of a label that a long table does not list")
      ->type_name("S")
      ->check(any_number());
  command.add_flag("--allow-missing", arguments.cases.allow_missing, "Leave out labelled rows without scores");
  command.add_flag("--drop-unscored", arguments.cases.drop_unscored, "Leave out rows of a label without scores");
  command.add_flag("--allow-leak", arguments.cases.allow_leak, "Let a patient be in several splits");
}

void add_analysis_arguments(CLI::App& command, EvaluateArguments& arguments) {
  report::AnalysisOptions& analysis = arguments.analysis;
  command.add_option("--scale", analysis.scale, "Scores are multiplied by it before the softmax")
      ->type_name("S")
      ->check(any_number())
      ->capture_default_str();
  command.add_option("--bootstrap", analysis.samples, "Samples; 0: none (default: 2000, fewer or none of many rows)")
      ->type_name("N")
      ->transform(whole_number_in(0, 100'000));
  command.add_option("--level", analysis.level, "Confidence level of the intervals")
      ->type_name("SHARE")
      ->check(number_in(0.5, 0.999))
      ->capture_default_str();
  command.add_option("--seed", analysis.seed, "Seed of the bootstrap")
      ->type_name("N")
      ->transform(any_whole_number())
      ->capture_default_str();
  command.add_option("--prevalence", analysis.prevalence, "State predictive values at this share of people")
      ->type_name("SHARE")
      ->check(number_in(1e-9, 1 - 1e-9));
  command.add_option("--positive", analysis.groups.positive, "The label whose sensitivity is compared between groups")
      ->type_name("LABEL");
  command
      .add_option("--no-finding", analysis.groups.no_finding,
                  "The label of people who are well (default: no finding, normal or healthy)")
      ->type_name("LABEL");
  command.add_option("--age-bands", arguments.age_bands, "Where groups of ages start (default: 0,18,40,60,80)")
      ->type_name("A,B,C");
  command.add_option("--group-rows", analysis.groups.fewest_rows, "A group of fewer rows is too few")
      ->type_name("N")
      ->transform(whole_number_in(1, 1'000'000))
      ->capture_default_str();
}

}  // namespace

void add_evaluate(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  add_dataset_arguments(command, arguments->datasets);
  command.add_flag("--all", arguments->all,
                   "Every dataset whose folder is in --root, called as mi2 dataset list has it");
  command.add_option("--predictions", arguments->predictions, "Scores of every label for every id")->type_name("FILE");
  command.add_option("-l,--labels", arguments->labels, "The true label of every id")->type_name("FILE");
  command.add_option("--attributes", arguments->attributes, "More columns of the ids")->type_name("FILE");
  command.add_option("--compare", arguments->compared, "Two reports of the same rows, to say which model is better")
      ->type_name("DIR")
      ->expected(2);
  command.add_flag("--retrieval", arguments->retrieval, "--predictions are the items that queries found");
  command.add_option("--irma", arguments->irma, "The table of IRMA codes: --predictions and --labels are such codes")
      ->type_name("FILE");
  command.add_option("-o,--out", arguments->out, "The report's folder")->type_name("DIR")->required();
  add_case_arguments(command, *arguments);
  add_analysis_arguments(command, *arguments);
  command.footer(fmt::format("{}\n{}", kEvaluateHelp, exit_status_help()));
  const CLI::App* const app = &command;
  command.callback([arguments, app, &session] {
    DatasetEvaluation& dataset = arguments->datasets;
    if (dataset.ways.empty()) dataset.ways = {"zero-shot", "knn", "probe"};
    if (of_datasets(*arguments)) {
      const bool probes = std::ranges::find(dataset.ways, "probe") != dataset.ways.end() && has_torch_program();
      const bool tunes = std::ranges::find(dataset.ways, kFineTune) != dataset.ways.end();
      session.needs_torch = probes || tunes || needs_torch(dataset.model.options.device);
    }
    session.run = [arguments, app] {
      if (of_datasets(*arguments)) {
        refuse_beside(*app, "a dataset",
                      {"--predictions", "--labels", "--attributes", "--compare", "--retrieval", "--irma",
                       "--multi-label", "--ages", "--label-column", "--absent-score", "--allow-missing",
                       "--drop-unscored", "--allow-leak", "--scale"});
        return evaluate(*arguments);
      }
      refuse_beside(*app, "tables, and no dataset's NAME,",
                    {"--root", "--protocol", "--set", "--split-seed", "--ways", "--resume", "--cache", "--no-images",
                     "--watts", "--pue", "--carbon-intensity", "--region"});
      if (!arguments->compared.empty()) {
        refuse_beside(*app, "--compare",
                      {"--predictions", "--labels", "--attributes", "--retrieval", "--irma", "--multi-label", "--ages",
                       "--label-column", "--absent-score", "--allow-missing", "--drop-unscored", "--allow-leak",
                       "--scale", "--prevalence", "--positive", "--no-finding", "--age-bands", "--group-rows"});
      } else if (arguments->retrieval) {
        refuse_beside(*app, "--retrieval",
                      {"--irma", "--attributes", "--multi-label", "--ages", "--label-column", "--absent-score",
                       "--allow-missing", "--drop-unscored", "--allow-leak", "--scale", "--prevalence", "--positive",
                       "--no-finding", "--age-bands", "--group-rows"});
      } else if (!arguments->irma.empty()) {
        refuse_beside(*app, "--irma",
                      {"--attributes", "--multi-label", "--ages", "--absent-score", "--drop-unscored", "--allow-leak",
                       "--scale", "--prevalence", "--positive", "--no-finding", "--age-bands", "--group-rows"});
      }
      return evaluate(*arguments);
    };
  });
}

}  // namespace mi2::cli
