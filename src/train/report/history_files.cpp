#include "train/report/history_files.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "evaluation/line_plot.hpp"

namespace mi2::train {
namespace {

using Json = nlohmann::ordered_json;

std::string field(double value) { return std::isfinite(value) ? fmt::format("{}", value) : std::string(); }

/// In the order of their first appearance.
std::vector<std::string> metric_names(const History& history) {
  std::vector<std::string> names;
  for (const EvaluationRecord& evaluation : history.evaluations) {
    for (const auto& [name, value] : evaluation.metrics) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

double metric(const EvaluationRecord& evaluation, const std::string& name) {
  for (const auto& [known, value] : evaluation.metrics) {
    if (known == name) return value;
  }
  return std::nan("");
}

/// An exponential average over about a fiftieth of the line, without the pull of its start.
std::vector<evaluation::Point> smoothed(const std::vector<evaluation::Point>& points) {
  const double keep = 1 - 1 / std::max(1.0, static_cast<double>(points.size()) / 50);
  std::vector<evaluation::Point> result;
  double sum = 0;
  double weight = 0;
  for (const auto& [x, y] : points) {
    if (!std::isfinite(y)) continue;
    sum = keep * sum + y;
    weight = keep * weight + 1;
    result.emplace_back(x, sum / weight);
  }
  return result;
}

std::vector<evaluation::Point> curve(const History& history, double StepRecord::*value) {
  std::vector<evaluation::Point> points;
  points.reserve(history.steps.size());
  for (const LoggedStep& step : history.steps) {
    points.emplace_back(static_cast<double>(step.record.step), step.record.*value);
  }
  return points;
}

Json evaluation_json(const EvaluationRecord& evaluation) {
  Json metrics = Json::object();
  for (const auto& [name, value] : evaluation.metrics) metrics[name] = value;
  return Json{{"step", evaluation.step}, {"epoch", evaluation.epoch}, {"metrics", metrics}};
}

}  // namespace

std::string steps_csv(const History& history) {
  std::string csv =
      "step,epoch,loss,learning_rate,gradient_norm,logit_scale,images_per_second,memory_bytes,seconds,kwh\n";
  for (const LoggedStep& step : history.steps) {
    const StepRecord& record = step.record;
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", record.step, field(record.epoch), field(record.loss),
                       field(record.learning_rate), field(record.gradient_norm), field(record.logit_scale),
                       field(record.images_per_second), record.memory_bytes, field(step.seconds), field(step.kwh));
  }
  return csv;
}

std::string evaluations_csv(const History& history) {
  const std::vector<std::string> names = metric_names(history);
  std::string csv = "step,epoch,best,seconds";
  for (const std::string& name : names) csv += fmt::format(",{}", name);
  csv += '\n';
  for (const EvaluationRecord& evaluation : history.evaluations) {
    csv += fmt::format("{},{},{},{}", evaluation.step, field(evaluation.epoch), evaluation.best,
                       field(evaluation.seconds));
    for (const std::string& name : names) csv += fmt::format(",{}", field(metric(evaluation, name)));
    csv += '\n';
  }
  return csv;
}

std::string curves_svg(const History& history, const std::string& title, const std::string& subtitle) {
  evaluation::LinePlot figure;
  figure.title = title;
  figure.subtitle = subtitle;
  figure.x_label = "optimizer step";
  const std::vector<evaluation::Point> loss = curve(history, &StepRecord::loss);
  figure.panels.push_back({"loss", {{"logged", loss, true, false}, {"smoothed", smoothed(loss), false, false}}, false});
  figure.panels.push_back(
      {"learning rate", {{"learning rate", curve(history, &StepRecord::learning_rate), false, false}}, true});
  evaluation::Panel validation{"validation", {}, false};
  for (const std::string& name : metric_names(history)) {
    evaluation::Line line{name, {}, false, true};
    for (const EvaluationRecord& evaluation : history.evaluations) {
      line.points.emplace_back(static_cast<double>(evaluation.step), metric(evaluation, name));
    }
    validation.lines.push_back(std::move(line));
  }
  if (!validation.lines.empty()) figure.panels.push_back(std::move(validation));
  return evaluation::to_svg(figure);
}

std::string report_json(const History& history, const RunSummary& summary) {
  Json report{{"name", summary.run.name},
              {"end", name_of(summary.end)},
              {"steps", summary.steps},
              {"planned_steps", summary.run.total_steps},
              {"steps_per_epoch", summary.run.steps_per_epoch},
              {"processes", summary.run.processes}};
  const TrainingData& data = summary.run.data;
  report["data"] = Json{{"images", data.images},
                        {"missing_images", data.missing},
                        {"classes", data.classes},
                        {"patients", data.patients > 0 ? Json(data.patients) : Json(nullptr)},
                        {"identity", data.identity}};
  if (!history.steps.empty()) report["last_loss"] = history.steps.back().record.loss;
  const auto best = std::find_if(history.evaluations.rbegin(), history.evaluations.rend(),
                                 [](const EvaluationRecord& evaluation) { return evaluation.best; });
  if (best != history.evaluations.rend()) report["best"] = evaluation_json(*best);
  if (!history.evaluations.empty()) report["last"] = evaluation_json(history.evaluations.back());
  report["energy"] = energy::to_json(summary.energy);
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mi2::train
