#include "adapter/answer_report.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "adapter/figure_json.hpp"
#include "base/utf8.hpp"
#include "evaluation/json.hpp"
#include "evaluation/square_plot.hpp"

namespace mi2::adapter {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kConfusionLabels = 20;  ///< more do not fit on a line

std::string figures_line(std::string_view name, const evaluation::ClassFigures& figures, std::string_view rest) {
  return fmt::format("{:<28}  {:>9.4f}  {:>9.4f}  {:>9.4f}  {:>7}{}\n", name, figures.precision, figures.recall,
                     figures.f1, figures.support, rest);
}

std::string confusion_text(const AnswerReport& report) {
  const std::size_t count = report.labels.size();
  if (count > kConfusionLabels) return {};
  std::string text = "\nRows by true label, columns by answer in the same order:\n";
  for (std::size_t t = 0; t < count; ++t) {
    text += fmt::format("{:<28}", evaluation::shortened(base::printable(report.labels[t])));
    for (std::size_t p = 0; p < count; ++p) text += fmt::format("  {:>5}", report.evaluation.confusion.count(t, p));
    text += '\n';
  }
  return text;
}

}  // namespace

AnswerReport make_answer_report(std::vector<std::string> labels, const evaluation::Scores& scores,
                                std::span<const std::size_t> truth) {
  AnswerReport report;
  report.labels = std::move(labels);
  report.evaluation = evaluation::evaluate(scores, truth, {0, 0.95, 0});
  report.f1_thresholds = evaluation::best_f1_thresholds(scores, truth);
  report.at_best_f1 = evaluation::at_thresholds(scores, truth, report.f1_thresholds);
  return report;
}

std::string to_json(const AnswerReport& report) {
  const evaluation::Evaluation& found = report.evaluation;
  OrderedJson json{{"version", version()}, {"labels", report.labels}, {"rows", found.rows}};
  json["accuracy"] = *found.accuracy.value;
  json["balanced_accuracy"] = *found.balanced_accuracy.value;
  json["mean_auc"] = nullptr;
  if (found.mean_auc.value) json["mean_auc"] = *found.mean_auc.value;
  json["mcc"] = found.matthews;
  json.update(averages_json(found.averages));
  json["at_best_f1"] = averages_json(report.at_best_f1.averages);
  json["confusion"] = evaluation::confusion_json(found.confusion);
  json["classes"] = OrderedJson::array();
  for (std::size_t c = 0; c < report.labels.size(); ++c) {
    const evaluation::ClassEvaluation& of_class = found.classes[c];
    OrderedJson row{{"label", report.labels[c]}, {"support", of_class.figures.support}};
    row.update(class_json(of_class.figures));
    row["auc"] = nullptr;
    if (of_class.auc.value) row["auc"] = *of_class.auc.value;
    row["best_f1"] = f1_json(report.f1_thresholds[c], report.at_best_f1.classes[c]);
    json["classes"].push_back(std::move(row));
  }
  return json.dump(1) + '\n';
}

std::string to_text(const AnswerReport& report) {
  const evaluation::Evaluation& found = report.evaluation;
  std::string text = fmt::format("{} images of known label, {} labels\n\n", found.rows, report.labels.size());
  text += fmt::format("{:<28}  {:>9}  {:>9}  {:>9}  {:>7}  {:>6}  {:>9}  {:>9}\n", "", "precision", "recall", "F1",
                      "support", "AUC", "threshold", "F1 there");
  for (std::size_t c = 0; c < report.labels.size(); ++c) {
    const evaluation::ClassEvaluation& of_class = found.classes[c];
    const std::optional<double>& threshold = report.f1_thresholds[c];
    const std::string area = of_class.auc.value ? fmt::format("{:.4f}", *of_class.auc.value) : "-";
    const std::string rest =
        fmt::format("  {:>6}  {:>9}  {:>9}", area, threshold ? fmt::format("{:.2f}", *threshold) : "-",
                    threshold ? fmt::format("{:.4f}", report.at_best_f1.classes[c].f1) : "-");
    text += figures_line(evaluation::shortened(base::printable(report.labels[c])), of_class.figures, rest);
  }
  text += '\n' + figures_line("macro", found.averages.macro, "");
  text += figures_line("micro", found.averages.micro, "");
  text += figures_line("macro, thresholds of best F1", report.at_best_f1.averages.macro, "");
  text += figures_line("micro, thresholds of best F1", report.at_best_f1.averages.micro, "");
  text += fmt::format("\naccuracy {:.4f}, balanced accuracy {:.4f}, mean AUC {}, Matthews correlation {:.4f}\n",
                      *found.accuracy.value, *found.balanced_accuracy.value,
                      found.mean_auc.value ? fmt::format("{:.4f}", *found.mean_auc.value) : "-", found.matthews);
  return text + confusion_text(report);
}

}  // namespace mi2::adapter
