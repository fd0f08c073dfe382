// A judged search in its forms.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/html.hpp"
#include "report/page.hpp"
#include "report/retrieval.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

std::string interval_text(const evaluation::Figure& figure) {
  return figure.interval ? fmt::format("{:.4f} to {:.4f}", figure.interval->low, figure.interval->high) : "-";
}

const char* unit_of(const Retrieval& retrieval) { return retrieval.by_patient ? "patients' queries" : "queries"; }

}  // namespace

std::string to_json(const Retrieval& retrieval) {
  using Json = nlohmann::ordered_json;
  Json json{{"version", std::string(kVersion)},
            {"research_use_only", true},
            {"queries", retrieval.queries},
            {"items", retrieval.items},
            {"queries_without_relevant_item", retrieval.without_relevant},
            {"own_items_left_out", retrieval.own_left_out},
            {"level", retrieval.options.level}};
  json["bootstrap"] = {{"samples", retrieval.options.samples},
                       {"seed", retrieval.options.seed},
                       {"by", retrieval.by_patient ? "patient" : "query"}};
  json["figures"] = Json::object();
  for (const RetrievalFigure& named : retrieval.figures) {
    const auto& interval = named.figure.interval;
    json["figures"][named.key] = {{"value", *named.figure.value},
                                  {"interval", interval ? Json{interval->low, interval->high} : Json(nullptr)}};
  }
  json["warnings"] = retrieval.warnings;
  return json.dump(1) + '\n';
}

std::string to_html(const Retrieval& retrieval) {
  std::string body =
      fmt::format("<p class=\"headline\">{:.3f}</p>\n<p>{}, over {} of {} queries, among {} items.</p>\n",
                  *retrieval.figures.front().figure.value, retrieval.figures.front().name,
                  retrieval.queries - retrieval.without_relevant, retrieval.queries, retrieval.items);
  for (const std::string& warning : retrieval.warnings) {
    body += fmt::format("<p class=\"note\">{}.</p>\n", base::escape_html(warning));
  }
  std::string rows = "<tr><th>figure</th><th>value</th><th>interval</th></tr>\n";
  for (const RetrievalFigure& named : retrieval.figures) {
    rows += fmt::format("<tr><td>{}</td><td class=\"n\">{:.4f}</td><td class=\"n\">{}</td></tr>\n", named.name,
                        *named.figure.value, interval_text(named.figure));
  }
  body += scrolling_table(rows);
  body += fmt::format(
      "<p class=\"note\">{:.0f}% intervals: bootstrap, {} samples of {}, seed {}. Items of equal score "
      "stand in the order of the table.</p>\n",
      100 * retrieval.options.level, retrieval.options.samples, unit_of(retrieval), retrieval.options.seed);
  return page("Retrieval report", body);
}

std::string to_text(const Retrieval& retrieval) {
  std::string text = fmt::format("{} queries, {} items, {:.0f}% intervals\n", retrieval.queries, retrieval.items,
                                 100 * retrieval.options.level);
  for (const RetrievalFigure& named : retrieval.figures) {
    text += fmt::format("  {}: {:.4f} ({})\n", named.name, *named.figure.value, interval_text(named.figure));
  }
  return text;
}

}  // namespace mi2::report
