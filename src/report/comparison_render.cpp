// A comparison in its forms.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/html.hpp"
#include "report/comparison.hpp"
#include "report/json_values.hpp"
#include "report/page.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

using Json = nlohmann::ordered_json;

std::string four(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "-"; }
std::string four(const std::optional<evaluation::Interval>& interval) {
  return interval ? fmt::format("{:.4f} to {:.4f}", interval->low, interval->high) : "-";
}
std::string three(const std::optional<double>& p) { return p ? fmt::format("{:.3g}", *p) : "-"; }

std::string cells(std::initializer_list<std::string> texts) {
  std::string html;
  for (const std::string& text : texts) html += fmt::format("<td class=\"n\">{}</td>", text);
  return html;
}

std::string compared_row(const std::string& name, std::initializer_list<std::string> texts) {
  return fmt::format("<tr><td>{}</td>{}</tr>\n", base::escape_html(name), cells(texts));
}

}  // namespace

std::string to_json(const Comparison& comparison) {
  Json json{{"version", std::string(kVersion)}, {"research_use_only", true}, {"first", comparison.first}};
  json["second"] = comparison.second;
  json["task"] = std::string(name_of(comparison.task));
  json["rows"] = comparison.rows;
  json["patients"] = comparison.patients ? Json(*comparison.patients) : Json(nullptr);
  json["level"] = comparison.options.level;
  json["bootstrap"] = {{"samples", comparison.options.samples}, {"seed", comparison.options.seed}};
  json["figures"] = Json::object();
  for (const ComparedFigure& figure : comparison.figures) {
    json["figures"][figure.key] = {{"name", figure.name},
                                   {"first", or_null(figure.first)},
                                   {"second", or_null(figure.second)},
                                   {"difference", or_null(figure.difference.value)},
                                   {"interval", or_null(figure.difference.interval)},
                                   {"p", or_null(figure.p)},
                                   {"method", figure.method}};
  }
  json["only_first_right"] = comparison.only_first;
  json["only_second_right"] = comparison.only_second;
  json["classes"] = Json::array();
  for (const ComparedLabel& label : comparison.labels) {
    Json row{{"label", label.label}, {"first", or_null(label.first)}, {"second", or_null(label.second)}};
    row["delong"] = nullptr;
    if (label.difference) {
      row["delong"] = {{"difference", label.difference->difference},
                       {"standard_error", or_null(label.difference->standard_error)},
                       {"interval", or_null(label.difference->interval)},
                       {"p", or_null(label.difference->p)},
                       {"p_holm", or_null(label.p_holm)},
                       {"why", label.difference->why}};
    }
    json["classes"].push_back(std::move(row));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_html(const Comparison& comparison) {
  std::string body =
      fmt::format("<p>First: {}. Second: {}. The same {} rows{}.</p>\n", base::escape_html(comparison.first),
                  base::escape_html(comparison.second), comparison.rows,
                  comparison.patients ? fmt::format(" of {} patients", *comparison.patients) : "");
  std::string rows =
      "<tr><th>figure</th><th>first</th><th>second</th><th>difference</th><th>interval</th><th>p</th></tr>\n";
  for (const ComparedFigure& figure : comparison.figures) {
    rows += compared_row(figure.name, {four(figure.first), four(figure.second), four(figure.difference.value),
                                       four(figure.difference.interval), three(figure.p)});
  }
  body += scrolling_table(rows);
  if (comparison.task == Task::kOne) {
    body += fmt::format(
        "<p>{} rows are answered rightly by the first alone, {} by the second alone (with one row per patient, "
        "McNemar's "
        "exact test is the p of accuracy).</p>\n",
        comparison.only_first, comparison.only_second);
  }
  if (!comparison.labels.empty()) {
    rows =
        "<tr><th>AUC of</th><th>first</th><th>second</th><th>difference</th><th>interval</th><th>p</th><th>p "
        "(Holm)</th></tr>\n";
    for (const ComparedLabel& label : comparison.labels) {
      const auto& difference = label.difference;
      rows += compared_row(label.label, {four(label.first), four(label.second),
                                         difference ? four(std::optional(difference->difference)) : "-",
                                         difference ? four(difference->interval) : "-",
                                         difference ? three(difference->p) : "-", three(label.p_holm)});
    }
    body += "<h2>Each label, by DeLong's paired test</h2>\n" + scrolling_table(rows);
    body +=
        "<p class=\"note\">DeLong's test counts rows as independent. With several rows per patient it is left out, and "
        "the "
        "bootstrap of patients above is what counts.</p>\n";
  }
  return page("Comparison of two models", body);
}

std::string to_text(const Comparison& comparison) {
  std::string text =
      fmt::format("{} rows, first - second, {:.0f}% intervals\n", comparison.rows, 100 * comparison.options.level);
  for (const ComparedFigure& figure : comparison.figures) {
    text += fmt::format("  {}: {} - {} = {} ({}), p {}\n", figure.name, four(figure.first), four(figure.second),
                        four(figure.difference.value), four(figure.difference.interval), three(figure.p));
  }
  return text;
}

}  // namespace mi2::report
