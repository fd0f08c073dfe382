#include "dataset_summary.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/html.hpp"
#include "report/page.hpp"

namespace mi2::cli {
namespace {

using Json = nlohmann::ordered_json;
using base::escape_html;

constexpr std::string_view kProtocol =
    "whether a published row is zero-shot, kNN or fine-tuned is not known where its note does not say so";

Json json_of(const report::NamedFigure& named) {
  const evaluation::Figure& figure = named.figure;
  return {{"figure", named.name},
          {"value", figure.value ? Json(*figure.value) : Json(nullptr)},
          {"interval", figure.interval ? Json{figure.interval->low, figure.interval->high} : Json(nullptr)}};
}

Json ways_of(const EvaluatedDataset& found) {
  Json ways = Json::object();
  for (const Line& line : found.lines) {
    Json way = json_of(line.figures.front());
    way["title"] = line.title;
    way["rows"] = line.rows;
    way["more"] = Json::object();
    for (std::size_t i = 1; i < line.figures.size(); ++i) way["more"][line.figures[i].key] = json_of(line.figures[i]);
    if (!line.training.is_null()) way["training"] = line.training;
    ways[line.key] = std::move(way);
  }
  return ways;
}

Json published_of(const std::vector<recipe::Benchmark>& published) {
  Json rows = Json::array();
  for (const recipe::Benchmark& row : published) {
    Json one{{"name", row.name}, {"metric", row.metric}, {"value", row.value}, {"note", row.note}};
    if (!row.model.empty()) one["model"] = row.model;
    if (!row.way.empty()) one["way"] = row.way;
    if (!row.label.empty()) one["label"] = row.label;
    if (row.rows) one["rows"] = *row.rows;
    rows.push_back(std::move(one));
  }
  return rows;
}

/// "fine-tuned; share of the data not published"
std::string remark_of(const recipe::Benchmark& row) {
  return row.way.empty() || row.note.empty() ? row.way + row.note : fmt::format("{}; {}", row.way, row.note);
}

std::string energy_section(const energy::Account& account) {
  return fmt::format("<h2>Energy</h2>\n<pre class=\"scroll\">{}</pre>\n", escape_html(energy::to_text(account)));
}

std::string rows_of(const EvaluatedDataset& found, std::string_view folder) {
  std::string rows;
  for (const Line& line : found.lines) {
    for (const report::NamedFigure& figure : line.figures) {
      rows += fmt::format(
          "<tr><td><a href=\"{}{}/report.html\">{}</a></td><td>{}</td><td class=\"n\">{}</td>"
          "<td class=\"n\">{}</td></tr>\n",
          escape_html(folder), line.key, escape_html(line.title), escape_html(figure.name),
          evaluation::to_text(figure.figure), line.rows);
    }
  }
  const auto add = [&rows](std::string_view whose, const recipe::Benchmark& row) {
    rows += fmt::format("<tr><td>{}: {} ({})</td><td>{}</td><td class=\"n\">{}</td><td></td></tr>\n", whose,
                        escape_html(row.name), escape_html(remark_of(row)), escape_html(row.metric), row.value);
  };
  for (const recipe::Benchmark& row : found.recipe->benchmarks) add("published", row);
  for (const recipe::Benchmark& row : found.recipe->others) add("others", row);
  return rows;
}

/// Ours of a published figure: the same figure, or nothing.
std::string ours(const Line& line, const recipe::Benchmark& row) {
  if (row.figure == "auc") {
    const auto label = std::ranges::find(line.labels, row.label, &std::pair<std::string, evaluation::Figure>::first);
    return label == line.labels.end() ? "-" : evaluation::to_text(label->second);
  }
  if (row.figure.empty()) return evaluation::to_text(line.figures.front().figure);
  const auto figure = std::ranges::find(line.figures, row.figure, &report::NamedFigure::key);
  return figure == line.figures.end() ? "-" : evaluation::to_text(figure->figure);
}

/// "15 steps of 15, complete; 0.4 h, 0.012 kWh, 5.7 g CO2e (estimate)"
std::string cost_of(const Json& training) {
  const Json& run = training.at("run");
  return fmt::format("{} steps of {}, {}; {}", run.at("steps").dump(), run.at("planned_steps").dump(),
                     run.at("end").get<std::string>(), energy::summary_of_json(run.at("energy")));
}

/// "on 900 rows, validated on 100, a tenth of the training split; none of test"
std::string rows_trained(const Json& training) {
  const Json& rows = training.at("rows");
  std::string text =
      fmt::format("on {} rows, validated on {}{}; none of test", rows.at("train").dump(), rows.at("validation").dump(),
                  rows.at("validation_drawn").get<bool>() ? ", a tenth of the training split" : "");
  for (const auto& [key, what] : {std::pair{"without_text", "rows without a label"},
                                  std::pair{"several_labels_in_validation", "rows of val with several labels"}}) {
    if (rows.at(key) != 0) text += fmt::format("; {} {} left out", rows.at(key).dump(), what);
  }
  return text;
}

std::string training_html(const Json& training) {
  std::string body = fmt::format("<h2>Fine-tuning</h2>\n<p>{}: {}.", escape_html(rows_trained(training)),
                                 escape_html(cost_of(training)));
  const Json& run = training.at("run");
  body += run.contains("best")
              ? fmt::format(" The model is that of step {}, the best on val.", run.at("best").at("step").dump())
              : " The model is that of the last step: val has no figure to choose by.";
  std::string rows = "<tr><th>setting</th><th>value</th><th>whose</th></tr>\n";
  for (const Json& setting : training.at("settings")) {
    const auto note = setting.at("note").get<std::string>();
    rows +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}{}</td></tr>\n", escape_html(setting.at("key").get<std::string>()),
                    escape_html(setting.at("value").get<std::string>()),
                    escape_html(setting.at("from").get<std::string>()), note.empty() ? "" : escape_html(": " + note));
  }
  return body + "</p>\n" + report::scrolling_table(rows);
}

constexpr std::string_view kHeader = "<tr><th>way</th><th>figure</th><th>value and interval</th><th>rows</th></tr>\n";

}  // namespace

EvaluatedDataset evaluated_of(const recipe::Prepared& prepared) {
  EvaluatedDataset found;
  found.recipe = prepared.recipe;
  found.protocol = prepared.split.name;
  found.seed = prepared.seed;
  found.images = prepared.rows.all().size();
  found.compared = prepared.compared;
  found.notes = prepared.notes;
  return found;
}

std::string summary_json(const EvaluatedDataset& found, const Provenance& model) {
  Json json{{"dataset", found.recipe->name},
            {"title", found.recipe->title},
            {"protocol", found.protocol},
            {"seed", found.seed},
            {"research_use_only", true},
            {"model", {{"weights_sha256", model.weights_sha256}, {"dtype", model.dtype}, {"profile", model.profile}}},
            {"images", found.images}};
  json["ways"] = ways_of(found);
  json["published"] = published_of(found.recipe->benchmarks);
  json["others"] = published_of(found.recipe->others);
  json["energy"] = energy::to_json(found.energy);
  return json.dump(2) + "\n";
}

std::string summary_html(const EvaluatedDataset& found) {
  std::string body = fmt::format("<p>{} images; split: {}. Each way links to its report; {}.</p>\n", found.images,
                                 escape_html(found.protocol), kProtocol);
  body += report::scrolling_table(std::string(kHeader) + rows_of(found, ""));
  for (const Line& line : found.lines) {
    if (!line.training.is_null()) body += training_html(line.training);
  }
  body += fmt::format("<h2>Dataset</h2>\n<p>{}</p>\n", escape_html(found.recipe->about));
  std::string counts = "<tr><th>count</th><th>found</th><th>published</th></tr>\n";
  for (const recipe::Compared& row : found.compared) {
    counts += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n", escape_html(row.what),
                          row.found, row.published);
  }
  if (!found.compared.empty()) body += report::scrolling_table(counts);
  for (const auto& [reason, count] : found.notes.excluded) {
    body += fmt::format("<p class=\"note\">Left out: {} {}.</p>\n", count, escape_html(reason));
  }
  for (const std::string& warning : found.notes.warnings) {
    body += fmt::format("<p class=\"note\">{}.</p>\n", escape_html(warning));
  }
  body += energy_section(found.energy);
  return report::page(found.recipe->title, body);
}

std::string summary_text(const EvaluatedDataset& found) {
  std::string text = fmt::format("{}: {} images\n", found.recipe->title, found.images);
  for (const Line& line : found.lines) {
    for (const report::NamedFigure& figure : line.figures) {
      text += fmt::format("  {:<10} {} {} ({} rows)\n", line.key, figure.name, evaluation::to_text(figure.figure),
                          line.rows);
    }
    if (!line.training.is_null()) {
      text += fmt::format("  {:<10} {}\n  {:<10} {}\n", "", rows_trained(line.training), "", cost_of(line.training));
    }
  }
  for (const recipe::Benchmark& row : found.recipe->benchmarks) {
    text += fmt::format("  published  {}: {} {} ({})\n", row.name, row.metric, row.value, remark_of(row));
  }
  for (const recipe::Benchmark& row : found.recipe->others) {
    text += fmt::format("  others     {}: {} {} ({})\n", row.name, row.metric, row.value, remark_of(row));
  }
  return text;
}

std::string table_json(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent) {
  Json json{{"research_use_only", true}, {"datasets", Json::array()}, {"not_evaluated", absent}};
  for (const EvaluatedDataset& found : all) {
    json["datasets"].push_back({{"dataset", found.recipe->name},
                                {"images", found.images},
                                {"protocol", found.protocol},
                                {"ways", ways_of(found)},
                                {"published", published_of(found.recipe->benchmarks)},
                                {"others", published_of(found.recipe->others)},
                                {"energy", energy::to_json(found.energy)}});
  }
  return json.dump(2) + "\n";
}

std::string table_html(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent) {
  std::string body = fmt::format("<p>{} datasets; {}.</p>\n", all.size(), kProtocol);
  for (const EvaluatedDataset& found : all) {
    body += fmt::format("<h2><a href=\"{0}/report.html\">{1}</a></h2>\n", escape_html(found.recipe->name),
                        escape_html(found.recipe->title));
    body += report::scrolling_table(std::string(kHeader) + rows_of(found, found.recipe->name + "/"));
    body += fmt::format("<p class=\"note\">Energy: {}.</p>\n", escape_html(energy::summary(found.energy)));
  }
  if (!absent.empty()) {
    body += fmt::format("<p class=\"note\">Not evaluated: {}.</p>\n",
                        escape_html(fmt::format("{}", fmt::join(absent, ", "))));
  }
  return report::page("Published benchmarks", body);
}

std::string table_text(const std::vector<EvaluatedDataset>& all, const std::vector<std::string>& absent) {
  std::string text = fmt::format("{:<28} {:<14} {:>9}", "benchmark", "metric", "published");
  std::vector<std::string> keys;
  for (const EvaluatedDataset& found : all) {
    for (const Line& line : found.lines) {
      if (std::ranges::find(keys, line.key) == keys.end()) keys.push_back(line.key);
    }
  }
  for (const std::string& key : keys) text += fmt::format(" {:>26}", key);
  text += '\n';
  for (const EvaluatedDataset& found : all) {
    for (const recipe::Benchmark& row : found.recipe->benchmarks) {
      text += fmt::format("{:<28} {:<14} {:>9}", row.name, row.metric, row.value);
      for (const std::string& key : keys) {
        const auto line = std::ranges::find(found.lines, key, &Line::key);
        text += fmt::format(" {:>26}", line == found.lines.end() ? "-" : ours(*line, row));
      }
      text += '\n';
    }
  }
  text += fmt::format("Columns are ours of the same figure; {}.\n", kProtocol);
  if (!absent.empty()) text += fmt::format("Not evaluated: {}\n", fmt::join(absent, ", "));
  return text;
}

}  // namespace mi2::cli
