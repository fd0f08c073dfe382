#include "evaluate_dataset.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "dataset_summary.hpp"
#include "dataset_ways.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "exit_status.hpp"
#include "image/thumbnail.hpp"
#include "interrupt.hpp"
#include "kept_work.hpp"
#include "output.hpp"
#include "report/cases.hpp"
#include "report/render.hpp"
#include "shown_on.hpp"
#include "torch_program.hpp"
#include "vectors/vector_cache.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

bool wants(const DatasetEvaluation& evaluation, std::string_view way) {
  return std::ranges::find(evaluation.ways, way) != evaluation.ways.end();
}

/// The vectors of a dataset, those in the cache as they were; what cannot be read is reported.
struct Embedding {
  EmbeddedDataset data;
  std::size_t computed = 0;
  std::size_t cached = 0;
  int status = 0;
};

std::string space_of(const Embedder& embedder) {
  const Provenance made = embedder.provenance();
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", made.version, made.weights_sha256, made.profile, made.dtype,
                     made.instructions, describe_images(embedder.options().image));
}

Embedding embed_dataset(const DatasetEvaluation& evaluation, const recipe::Prepared& prepared,
                        const Embedder& embedder) {
  const auto& rows = prepared.rows.all();
  const std::size_t file = prepared.rows.need("file");
  const std::size_t split = prepared.rows.need("split");
  // The training images answer for neighbours and probe alone.
  const bool needs_train = wants(evaluation, "knn") || wants(evaluation, "probe");
  vectors::VectorCache cache(evaluation.cache, space_of(embedder), static_cast<std::size_t>(embedder.dimensions()));
  std::map<std::string, std::string> identities;
  std::vector<embedder::Input> inputs;
  Embedding made{{prepared,
                  {},
                  std::vector<std::optional<std::size_t>>(rows.size()),
                  evaluation.model.options.threads,
                  evaluation.dataset.options.seed}};
  for (const recipe::Row& row : rows) {
    const std::string& path = row.fields[file];
    if (!needs_train && row.fields[split] == "train") continue;
    const auto [known, is_new] = identities.emplace(path, vectors::identity_of_file(path));
    if (!is_new) continue;
    if (cache.find(known->second).empty()) {
      inputs.push_back({path});
    } else {
      ++made.cached;
    }
  }
  Progress progress(inputs.size(), "images");
  progress.keep_alive();
  Report report(progress);
  const EmbedRun run{embedder, batch_of(evaluation.model, embedder), progress, report, [] {}};
  const auto prepare = [&](std::span<const std::byte> encoded, std::string_view name) {
    return embedder.prepare(encoded, name);
  };
  embed_items(run, embedder::items_of(inputs, embedder.options().image.max_file_bytes, prepare),
              [&](const embedder::Embedded& item) {
                cache.add(identities.at(std::string(item.name)), item.image);
                ++made.computed;
              });
  report.summarize();
  progress.note(fmt::format("{} images embedded now, {} before", made.computed, made.cached));
  made.status = report.exit_status();
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto identity = identities.find(rows[i].fields[file]);
    if (identity == identities.end()) continue;
    const std::span<const float> vector = cache.find(identity->second);
    if (vector.empty()) continue;
    const auto [known, is_new] = place.emplace(identity->first, made.data.vectors.rows());
    if (is_new) made.data.vectors.append(vector);
    made.data.row_of[i] = known->second;
  }
  return made;
}

/// The rows of a dataset as mi2 evaluate --labels takes them: ids, labels, splits and people.
base::Table truth_of(const recipe::Prepared& prepared) {
  std::vector<std::string> names{"id", "label", "split"};
  for (const std::string& name : prepared.recipe->attributes) {
    const bool twice = std::ranges::find(names, name) != names.end();
    if (!twice && prepared.rows.find(name)) names.push_back(name);
  }
  // A row that names no patient is of one of its own.
  const auto patient = prepared.rows.find("patient");
  const std::size_t id = prepared.rows.need("id");
  std::string csv;
  for (const std::string& name : names) csv += (csv.empty() ? "" : ",") + base::csv_field(name);
  csv += '\n';
  for (const recipe::Row& row : prepared.rows.all()) {
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (c > 0) csv += ',';
      const std::size_t column = prepared.rows.need(names[c]);
      const bool unnamed = patient == column && row.fields[column].empty();
      csv += base::csv_field(unnamed ? "row " + row.fields[id] : row.fields[column]);
    }
    csv += '\n';
  }
  return base::Table::parse(csv, fmt::format("the rows of {}", prepared.recipe->name));
}

report::Task task_of(recipe::Task task) {
  switch (task) {
    case recipe::Task::kFindings:
      return report::Task::kMany;
    case recipe::Task::kAges:
      return report::Task::kAges;
    default:
      return report::Task::kOne;
  }
}

/// Thumbnails of the rows that are furthest from right; of an image that cannot be shown there is none.
void show_worst(report::Analysis& analysis, const EmbeddedDataset& data, const Embedder& embedder) {
  constexpr int kSide = 160;
  const recipe::Rows& rows = data.prepared.rows;
  const std::size_t id = rows.need("id");
  const std::size_t file = rows.need("file");
  ImageOptions options = embedder.options().image;
  for (report::WorstRow& worst : analysis.worst) {
    const auto row = std::ranges::find(rows.all(), worst.id, [id](const recipe::Row& one) { return one.fields[id]; });
    if (row == rows.all().end()) continue;
    try {
      const std::string& path = row->fields[file];
      const EncodedImage image = embedder.open_image(embedder::read_input(path, options.max_file_bytes), path, options);
      static_cast<void>(image.prepare(0, [&](const ImageView& frame) {
        const std::vector<std::byte> webp = image::thumbnail(frame, kSide);
        worst.thumbnail.assign(reinterpret_cast<const char*>(webp.data()), webp.size());
      }));
    } catch (const Error&) {
      worst.thumbnail.clear();  // it was read once; a page without it is still right
    }
  }
}

report::Analysis judge(Answers answers, const recipe::Prepared& prepared, const DatasetEvaluation& evaluation) {
  report::CaseOptions cases;
  cases.task = task_of(prepared.recipe->task);
  cases.label_column = "label";
  // Images that could not be read, and labels that no training row has, were said and are counted.
  cases.allow_missing = true;
  cases.drop_unscored = true;
  cases.allow_leak = true;
  if (cases.task != report::Task::kAges) cases.probabilities = answers.probabilities;
  const report::Study study =
      report::read_study(std::move(answers.predictions), truth_of(prepared), std::nullopt, cases);
  Progress bar(0, "");
  bar.begin("evaluating");
  report::Analysis analysis = report::analyse(study, evaluation.analysis, shown_on(bar));
  analysis.source = fmt::format("{}: {} ({})", prepared.recipe->title, answers.title, answers.scores);
  analysis.compute = "energy and CO2 of the whole evaluation: evaluation.json and report.html in the folder above";
  if (prepared.leaks.in_several > 0) {
    analysis.warnings.push_back(fmt::format("{} of {} {}s have images in more than one split",
                                            prepared.leaks.in_several, prepared.leaks.groups, prepared.leaks.column));
  }
  for (const std::string& warning : analysis.warnings) bar.warn(fmt::format("{}: warning: {}", answers.key, warning));
  return analysis;
}

/// Every way that was asked for and can be gone, with its report written.
std::vector<Line> go_ways(const DatasetEvaluation& evaluation, const EmbeddedDataset& data, const Embedder& embedder) {
  std::vector<Line> lines;
  Progress notes(0, "");
  const auto finish = [&](std::optional<Answers> answers, std::string_view way) {
    if (!answers) {
      notes.warn(fmt::format("warning: {}: too few images or labels in the training split: left out", way));
      return;
    }
    const std::string key = answers->key;
    const std::string title = answers->title;
    report::Analysis analysis = judge(std::move(*answers), data.prepared, evaluation);
    if (evaluation.thumbnails) show_worst(analysis, data, embedder);
    write_report((fs::path(evaluation.out) / key).string(), analysis);
    Line line{key, title, {analysis.figures.front()}, {}, analysis.rows};
    const auto accuracy = std::ranges::find(analysis.figures, "accuracy", &report::NamedFigure::key);
    if (accuracy != analysis.figures.end() && accuracy != analysis.figures.begin()) line.figures.push_back(*accuracy);
    for (const report::LabelResult& label : analysis.label_results)
      line.labels.emplace_back(label.label, label.auc.figure);
    lines.push_back(std::move(line));
  };
  // One way that cannot be gone does not take the others' reports away.
  const auto go = [&](std::string_view way, const std::function<std::optional<Answers>()>& answer) {
    try {
      finish(answer(), way);
    } catch (const Error& error) {
      notes.warn(fmt::format("warning: {}: {}: left out", way, error.what()));
    }
  };
  if (wants(evaluation, "zero-shot")) go("zero-shot", [&] { return answer_by_texts(data, embedder); });
  for (const std::size_t k : {std::size_t{64}, std::size_t{5}}) {
    if (wants(evaluation, "knn")) go(fmt::format("knn-{}", k), [&] { return answer_by_neighbours(data, k); });
  }
  if (wants(evaluation, "probe") && !links_torch()) {
    notes.warn("warning: probe: needs a program built with libtorch: left out");
  } else if (wants(evaluation, "probe")) {
    go("probe", [&] {
      Progress bar(0, "");
      bar.begin("fitting");
      return answer_by_probe(data, shown_on(bar));
    });
  }
  return lines;
}

void need_labels(const recipe::Recipe& recipe) {
  if (recipe.task != recipe::Task::kCaptions) return;
  throw Error(Code::kUnsupported,
              fmt::format("{} has texts in place of labels; expected a dataset with labels", recipe.name));
}

void need_model(const DatasetEvaluation& evaluation) {
  if (evaluation.model.model.empty()) throw Error(Code::kBadArgument, "evaluate: expected --model DIR");
  if (evaluation.dataset.options.root.empty()) throw Error(Code::kBadArgument, "evaluate: expected --root DIR");
}

void print_answer(const std::string& text) {
  const auto output = open_output("-");
  output->write(text);
  output->commit();
}

/// @param embedder  opened here, unless an earlier dataset has done so.
EvaluatedDataset evaluate_one(DatasetEvaluation& evaluation, const recipe::Recipe& recipe,
                              std::optional<Embedder>& embedder) {
  const fs::path folder = evaluation.out;
  if (evaluation.cache.empty()) evaluation.cache = (folder / "cache").string();
  refuse_inside(evaluation.cache, evaluation.dataset.options.root, "--cache");
  energy::EnergyMeter meter(meter_options(evaluation.energy));
  const recipe::Prepared prepared = prepare_dataset(recipe, evaluation.dataset, folder / "dataset");
  write_dataset(folder / "dataset", prepared);
  Progress progress(0, "");
  if (!embedder) embedder.emplace(open_embedder(evaluation.model, progress));
  const Embedding made = embed_dataset(evaluation, prepared, *embedder);
  EvaluatedDataset found = evaluated_of(prepared);
  found.status = made.status;
  found.lines = go_ways(evaluation, made.data, *embedder);
  if (found.lines.empty())
    throw Error(Code::kBadArgument, fmt::format("{}: none of the ways could be evaluated", recipe.name));
  found.energy = meter.account();
  if (made.cached > 0) {
    found.energy.notes.push_back(
        fmt::format("{} of {} images, which an earlier run embedded", made.cached, made.cached + made.computed));
  }
  progress.note(fmt::format("energy: {}", energy::summary(found.energy)));
  base::AtomicFiles files;
  files.add(folder / "evaluation.json", summary_json(found, embedder->provenance()));
  files.add(folder / "report.html", summary_html(found));
  files.commit();
  return found;
}

}  // namespace

int evaluate_dataset(DatasetEvaluation& evaluation) {
  std::optional<recipe::Recipe> own;
  const recipe::Recipe& recipe = chosen_recipe(evaluation.name, evaluation.recipe, own);
  need_labels(recipe);
  need_model(evaluation);
  std::optional<Embedder> embedder;
  const EvaluatedDataset found = evaluate_one(evaluation, recipe, embedder);
  print_answer(summary_text(found));
  return found.status;
}

int evaluate_all(DatasetEvaluation& evaluation) {
  need_model(evaluation);
  if (!evaluation.dataset.options.protocol.empty() || !evaluation.dataset.settings.empty()) {
    throw Error(Code::kBadArgument, "evaluate --all: --protocol and --set are of one dataset; expected its NAME");
  }
  if (!evaluation.name.empty() || !evaluation.recipe.empty()) {
    throw Error(Code::kBadArgument, "evaluate: --all is of every dataset; expected no NAME and no --recipe");
  }
  static_cast<void>(meter_options(evaluation.energy));  // what is wrong with it is not each dataset's fault
  const fs::path folder = evaluation.out;
  if (evaluation.cache.empty()) evaluation.cache = (folder / "cache").string();
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    refuse_inside(folder, evaluation.dataset.options.root / name, "--out");
    refuse_inside(evaluation.cache, evaluation.dataset.options.root / name, "--cache");
  }
  make_report_folder(folder.string());
  std::vector<EvaluatedDataset> all;
  std::vector<std::string> absent;
  std::optional<Embedder> embedder;
  Progress notes(0, "");
  int status = 0;
  for (const auto& [name, recipe] : recipe::built_in_recipes()) {
    if (recipe.benchmarks.empty() || recipe.task == recipe::Task::kCaptions) continue;
    DatasetEvaluation one = evaluation;
    one.dataset.options.root = evaluation.dataset.options.root / name;
    one.out = (folder / name).string();
    std::error_code ignored;
    if (!fs::is_directory(one.dataset.options.root, ignored)) {
      absent.push_back(name);
      continue;
    }
    notes.note(fmt::format("{}: {}", name, recipe.title));
    try {
      all.push_back(evaluate_one(one, recipe, embedder));
      status = std::max(status, all.back().status);
    } catch (const Error& error) {
      // The others are still evaluated; what is wrong with this one is said, here and in the table.
      notes.warn(fmt::format("warning: {}: {}", name, error.what()));
      absent.push_back(fmt::format("{} ({})", name, error.what()));
      status = kExitPartial;
    }
  }
  if (all.empty()) {
    throw Error(Code::kNotFound,
                fmt::format("{}: no folder there is a dataset that could be evaluated; expected folders "
                            "such as isic2019, called as mi2 dataset list has them",
                            evaluation.dataset.options.root.string()));
  }
  base::AtomicFiles files;
  files.add(folder / "evaluation.json", table_json(all, absent));
  files.add(folder / "report.html", table_html(all, absent));
  files.commit();
  print_answer(table_text(all, absent));
  return status;
}

}  // namespace mi2::cli
