#include "adapter/report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "adapter/figure_json.hpp"
#include "adapter/operating_point_json.hpp"
#include "adapter/split_report.hpp"
#include "base/utf8.hpp"
#include "evaluation/json.hpp"
#include "evaluation/square_plot.hpp"

namespace mi2::adapter {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson to_json(const evaluation::Reliability& reliability) {
  return {{"expected_calibration_error", reliability.expected_error}, {"bins", evaluation::bins_json(reliability)}};
}

OrderedJson curve_json(const std::vector<evaluation::RocPoint>& curve) {
  OrderedJson points = OrderedJson::array();
  for (const evaluation::RocPoint& point : evaluation::corners(curve)) {
    points.push_back({point.false_positive_rate, point.true_positive_rate});
  }
  return points;
}

OrderedJson classes_json(const AdapterReport& report) {
  OrderedJson classes = OrderedJson::array();
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const evaluation::ClassEvaluation& found = report.evaluation.classes[c];
    OrderedJson row{{"label", report.adapter.labels[c]}, {"support", found.figures.support}};
    row["train_rows"] = report.train_rows_of_label[c];
    if (!report.split.grouped_by.empty()) {
      row["groups"] = report.evaluated_groups_of_label[c].with;
      row["train_groups"] = report.train_groups_of_label[c].with;
    }
    row["auc"] = figure_json(found.auc);
    row.update(class_json(found.figures));
    const std::optional<double>& threshold = report.f1.thresholds[c];
    row["best_f1"] = {{"chosen", f1_json(threshold, report.f1.chosen.classes[c])},
                      {"evaluated", f1_json(threshold, report.f1.evaluated.classes[c])}};
    row["youden"] = {{"chosen", point_json(report.adapter.operating_points[c].youden)},
                     {"evaluated", point_json(report.applied[c].youden)}};
    row["sensitivity_90"] = {{"chosen", point_json(report.adapter.operating_points[c].sensitive)},
                             {"evaluated", point_json(report.applied[c].sensitive)}};
    row["roc"] = curve_json(found.curve);
    classes.push_back(std::move(row));
  }
  return classes;
}

/// Rows of each label, which is what every figure rests on.
std::string rows_text(const AdapterReport& report) {
  constexpr std::size_t kMostLabels = 40;
  if (report.adapter.labels.size() > kMostLabels) return {};
  const bool grouped = !report.split.grouped_by.empty();
  std::string text = "  rows per label, trained on and evaluated on" + std::string(grouped ? " (groups)" : "") + ":\n";
  for (std::size_t c = 0; c < report.adapter.labels.size(); ++c) {
    const auto count = [&](std::size_t rows, const evaluation::GroupsOfClass& groups) {
      return grouped ? fmt::format("{} ({})", rows, groups.with) : fmt::format("{}", rows);
    };
    text += fmt::format("    {:<16} {}, {}\n", evaluation::shortened(base::printable(report.adapter.labels[c])),
                        count(report.train_rows_of_label[c], report.train_groups_of_label[c]),
                        count(report.evaluation.classes[c].figures.support, report.evaluated_groups_of_label[c]));
  }
  return text;
}

/// "2 of 3 labels have fewer than 10 rows to be trained on ('a': 2)", if any has.
/// @param unit  "rows" or "groups".
void warn_of_few(const std::vector<std::size_t>& rows, const std::vector<std::string>& labels, std::string_view unit,
                 std::string_view what, std::vector<std::string>& warnings) {
  const auto few = std::count_if(rows.begin(), rows.end(), [](std::size_t count) { return count < kFewRows; });
  if (few == 0) return;
  const auto least = std::min_element(rows.begin(), rows.end());
  warnings.push_back(fmt::format(
      "{} of {} labels have fewer than {} {} to be {} ('{}': {}); such figures and scores "
      "say little",
      few, rows.size(), kFewRows, unit, what, labels[static_cast<std::size_t>(least - rows.begin())], *least));
}

std::vector<std::size_t> with_label(const std::vector<evaluation::GroupsOfClass>& counts) {
  std::vector<std::size_t> groups;
  for (const evaluation::GroupsOfClass& count : counts) groups.push_back(count.with);
  return groups;
}

std::vector<std::string> warnings_of(const TrainedAdapter& trained) {
  const std::vector<std::string>& labels = trained.adapter.labels();
  const std::string_view unit = trained.split.grouped_by.empty() ? "rows" : "groups";
  std::vector<std::string> warnings;
  const std::vector<std::size_t> seen = with_label(trained.groups_of_label);
  warn_of_few(seen, labels, unit, "trained on", warnings);
  const Evaluated& on = trained.evaluation;
  const std::vector<std::size_t> evaluated = with_label(evaluation::count_groups(on.classes, on.groups, labels.size()));
  if (evaluated != seen) warn_of_few(evaluated, labels, unit, "evaluated on", warnings);
  const std::vector<std::string> of_split = warnings_of_split(trained);
  warnings.insert(warnings.end(), of_split.begin(), of_split.end());
  if (!trained.not_calibrated.empty()) warnings.push_back(trained.not_calibrated);
  const auto& training = trained.adapter.description().training;
  if (const auto converged = training.find("converged"); converged != training.end() && converged->second == 0) {
    warnings.emplace_back("the fit stopped before it had converged; a smaller --c or --standardize may help");
  }
  return warnings;
}

std::string text_of(const evaluation::ClassFigures& figures) {
  return fmt::format("{:.4f}, {:.4f}, {:.4f}", figures.precision, figures.recall, figures.f1);
}

F1Thresholds f1_of(const TrainedAdapter& trained, const evaluation::Scores& probabilities, double temperature) {
  const Evaluated& chosen_on = trained.held_out;
  const evaluation::Scores scores = evaluation::softmax(chosen_on.logits, temperature);
  F1Thresholds f1{evaluation::best_f1_thresholds(scores, chosen_on.classes), {}, {}};
  f1.chosen = evaluation::at_thresholds(scores, chosen_on.classes, f1.thresholds);
  f1.evaluated = evaluation::at_thresholds(probabilities, trained.evaluation.classes, f1.thresholds);
  return f1;
}

}  // namespace

AdapterReport make_report(const TrainedAdapter& trained, const std::optional<evaluation::Scores>& zero_shot,
                          const evaluation::BootstrapOptions& bootstrap) {
  AdapterReport report;
  report.adapter = trained.adapter.description();
  report.train_rows = trained.trained_rows;
  report.held_out = trained.held_out.rows;
  report.held_out_rows = trained.held_out.classes.size();
  report.bootstrap = bootstrap;
  report.warnings = warnings_of(trained);
  const Evaluated& evaluated = trained.evaluation;
  report.split = trained.split;
  report.train_rows_of_label = trained.rows_of_label;
  report.train_groups_of_label = trained.groups_of_label;
  report.evaluated_groups_of_label =
      evaluation::count_groups(evaluated.classes, evaluated.groups, report.adapter.labels.size());
  const evaluation::Scores probabilities = evaluation::softmax(evaluated.logits, report.adapter.temperature);
  report.evaluation = evaluation::evaluate(probabilities, evaluated.classes, bootstrap, evaluated.groups);
  report.f1 = f1_of(trained, probabilities, report.adapter.temperature);
  report.uncalibrated = evaluation::reliability(evaluation::softmax(evaluated.logits), evaluated.classes);
  for (std::size_t c = 0; c < report.adapter.operating_points.size(); ++c) {
    const auto apply = [&](const std::optional<evaluation::OperatingPoint>& point) {
      return point ? evaluation::at_threshold(probabilities, evaluated.classes, c, point->threshold) : std::nullopt;
    };
    report.applied.push_back(
        {apply(report.adapter.operating_points[c].youden), apply(report.adapter.operating_points[c].sensitive)});
  }
  if (zero_shot) {
    report.zero_shot =
        ZeroShot{evaluation::evaluate(*zero_shot, evaluated.classes, bootstrap, evaluated.groups),
                 evaluation::compare(probabilities, *zero_shot, evaluated.classes, bootstrap, evaluated.groups)};
  }
  return report;
}

std::string to_json(const AdapterReport& report) {
  const evaluation::Evaluation& found = report.evaluation;
  OrderedJson json{{"version", version()}, {"kind", name_of(report.adapter.kind)}, {"labels", report.adapter.labels}};
  json["train_rows"] = report.train_rows;
  json["evaluated_on"] = report.adapter.evaluated_on;
  json["rows"] = found.rows;
  json["chosen_on"] = report.held_out;
  json["chosen_on_rows"] = report.held_out_rows;
  json["split"] = split_json(report.split, report.adapter.labels);
  json["bootstrap"] = {
      {"samples", report.bootstrap.samples}, {"level", report.bootstrap.level}, {"seed", report.bootstrap.seed}};
  json["accuracy"] = figure_json(found.accuracy);
  json["balanced_accuracy"] = figure_json(found.balanced_accuracy);
  json["mean_auc"] = figure_json(found.mean_auc);
  json["mcc"] = found.matthews;
  json.update(averages_json(found.averages));
  json["at_best_f1"] = averages_json(report.f1.evaluated.averages);
  json["log_loss"] = found.log_loss;
  json["temperature"] = report.adapter.temperature;
  json["calibration"] = to_json(found.reliability);
  json["calibration_before"] = to_json(report.uncalibrated);
  json["confusion"] = evaluation::confusion_json(found.confusion);
  json["classes"] = classes_json(report);
  json["zero_shot"] = nullptr;
  if (report.zero_shot) {
    json["zero_shot"] = {{"accuracy", figure_json(report.zero_shot->evaluation.accuracy)},
                         {"mean_auc", figure_json(report.zero_shot->evaluation.mean_auc)},
                         {"accuracy_gain", figure_json(report.zero_shot->gain.accuracy)},
                         {"mean_auc_gain", figure_json(report.zero_shot->gain.mean_auc)}};
  }
  json["warnings"] = report.warnings;
  json["training"] = OrderedJson::object();
  for (const auto& [name, value] : report.adapter.training) json["training"][name] = value;
  return json.dump(1) + '\n';
}

std::string to_text(const AdapterReport& report) {
  const evaluation::Evaluation& found = report.evaluation;
  std::string text =
      fmt::format("{} adapter, {} labels, {} dimensions, trained on {} rows\n", name_of(report.adapter.kind),
                  report.adapter.labels.size(), report.adapter.in_channels, report.train_rows);
  text += fmt::format("evaluated on {} rows ({}){}\n", found.rows, report.adapter.evaluated_on,
                      report.bootstrap.samples > 0
                          ? fmt::format(", {:.0f}% intervals{}", 100 * report.bootstrap.level,
                                        report.split.grouped_by.empty()
                                            ? std::string()
                                            : fmt::format(" by '{}'", base::printable(report.split.grouped_by)))
                          : std::string());
  text += split_text(report.split, report.held_out, "temperature and thresholds");
  text += fmt::format("  accuracy           {}\n", evaluation::to_text(found.accuracy));
  text += fmt::format("  balanced accuracy  {}\n", evaluation::to_text(found.balanced_accuracy));
  text += fmt::format("  mean AUC           {}\n", evaluation::to_text(found.mean_auc));
  text += fmt::format("  precision, recall, F1:\n    macro            {}\n", text_of(found.averages.macro));
  text += fmt::format("    micro            {}\n", text_of(found.averages.micro));
  text += fmt::format("    macro, best F1   {}\n", text_of(report.f1.evaluated.averages.macro));
  text += fmt::format("    micro, best F1   {}\n", text_of(report.f1.evaluated.averages.micro));
  text += fmt::format("  Matthews' corr.    {:.4f}\n", found.matthews);
  text += fmt::format("  calibration error  {:.4f} at temperature {:.4f}; {:.4f} without\n",
                      found.reliability.expected_error, report.adapter.temperature, report.uncalibrated.expected_error);
  if (report.zero_shot) {
    text +=
        fmt::format("  zero-shot accuracy {}, gain {}\n", evaluation::to_text(report.zero_shot->evaluation.accuracy),
                    evaluation::to_text(report.zero_shot->gain.accuracy));
    text +=
        fmt::format("  zero-shot mean AUC {}, gain {}\n", evaluation::to_text(report.zero_shot->evaluation.mean_auc),
                    evaluation::to_text(report.zero_shot->gain.mean_auc));
  }
  return text + rows_text(report);
}

}  // namespace mi2::adapter
