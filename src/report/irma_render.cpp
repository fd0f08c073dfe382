// Judged IRMA codes in their forms.

#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/csv.hpp"
#include "base/html.hpp"
#include "base/numbers.hpp"
#include "report/irma.hpp"
#include "report/json_values.hpp"
#include "report/page.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

constexpr std::array<std::string_view, evaluation::kIrmaAxes> kAxes{"technique", "direction", "anatomy", "biosystem"};

std::string axis_text(const std::optional<double>& error) { return error ? fmt::format("{:.4f}", *error) : "-"; }

}  // namespace

std::string to_json(const IrmaResult& result) {
  using Json = nlohmann::ordered_json;
  Json json{{"version", std::string(kVersion)},
            {"research_use_only", true},
            {"source", result.source},
            {"images", result.rows.size()},
            {"irma_error_sum", result.sum},
            {"irma_error_mean", *result.mean.value},
            {"interval", or_null(result.mean.interval)},
            {"least_sum", or_null(result.least)},
            {"without_error", result.exact},
            {"unanswered", result.unanswered},
            {"not_judged", result.not_judged}};
  for (std::size_t i = 0; i < kAxes.size(); ++i) json["axes"][std::string(kAxes[i])] = or_null(result.axes[i]);
  json["bootstrap"] = {{"samples", result.options.samples},
                       {"seed", result.options.seed},
                       {"level", result.options.level},
                       {"by", result.by_patient ? "patient" : "image"}};
  json["warnings"] = result.warnings;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_html(const IrmaResult& result) {
  std::string body = fmt::format(
      "<p class=\"headline\">{:.2f}</p>\n<p>Sum of the IRMA errors of {} images ({}): each from 0, right, to 1. The "
      "mean "
      "is {}; {} images are without error.</p>\n",
      result.sum, result.rows.size(), base::escape_html(result.source), evaluation::to_text(result.mean), result.exact);
  if (result.least) {
    body += fmt::format(
        "<p>The texts name direction and anatomy alone: the answers leave technique and biosystem open, which costs "
        "half of "
        "both. If every text were right, the sum would be {:.2f}.</p>\n",
        *result.least);
  }
  for (const std::string& warning : result.warnings) {
    body += fmt::format("<p class=\"note\">{}.</p>\n", base::escape_html(warning));
  }
  std::string rows = "<tr><th>axis</th><th>mean error</th></tr>\n";
  for (std::size_t i = 0; i < kAxes.size(); ++i) {
    rows += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td></tr>\n", kAxes[i], axis_text(result.axes[i]));
  }
  body += scrolling_table(rows);
  body += fmt::format("<p class=\"note\">{:.0f}% interval of the mean: bootstrap, {} samples of {}, seed {}.</p>\n",
                      100 * result.options.level, result.options.samples, result.by_patient ? "patients" : "images",
                      result.options.seed);
  return page("IRMA errors", body);
}

std::string to_text(const IrmaResult& result) {
  std::string text = fmt::format("{} images: IRMA errors sum {:.4f}, mean {}", result.rows.size(), result.sum,
                                 evaluation::to_text(result.mean));
  if (result.least) text += fmt::format("; the sum of right texts is {:.4f}", *result.least);
  text += '\n';
  for (std::size_t i = 0; i < kAxes.size(); ++i) text += fmt::format("  {}: {}\n", kAxes[i], axis_text(result.axes[i]));
  return text;
}

std::string to_csv(const IrmaResult& result) {
  std::string text = "id,truth,answer,error";
  for (const std::string_view axis : kAxes) text += fmt::format(",{}", axis);
  text += '\n';
  for (const IrmaRow& row : result.rows) {
    text += fmt::format("{},{},{},", base::csv_field(row.id), row.truth, row.answer);
    base::append_number(text, row.error.image);
    for (const std::optional<double>& axis : row.error.axes) {
      text += ',';
      if (axis) base::append_number(text, *axis);
    }
    text += '\n';
  }
  return text;
}

}  // namespace mi2::report
