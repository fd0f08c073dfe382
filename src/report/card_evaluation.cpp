#include "report/card_evaluation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/quotes.hpp"

namespace mi2::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxReportBytes = std::uint64_t{1} << 28;
constexpr std::size_t kMaxValues = std::size_t{1} << 23;
constexpr std::size_t kMaxWays = 64;
constexpr std::size_t kMaxGroups = 10'000;
/// What a report is read for comes first; other figures follow by name.
constexpr std::array<std::string_view, 5> kFirst{"mean_auc", "mae_given", "mae_argmax", "mae_expectation", "accuracy"};

std::optional<double> number_or_none(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<double>();
}

evaluation::Figure figure_of(const Json& json) {
  evaluation::Figure figure{number_or_none(json.at("value")), std::nullopt, json.value("why", std::string())};
  const Json& interval = json.at("interval");
  if (!interval.is_null()) figure.interval = {interval.at(0).get<double>(), interval.at(1).get<double>()};
  return figure;
}

std::vector<CardFigure> figures_of(const Json& json) {
  std::vector<std::pair<std::size_t, CardFigure>> ranked;
  for (const auto& [key, figure] : json.items()) {
    const auto rank = static_cast<std::size_t>(std::ranges::find(kFirst, key) - kFirst.begin());
    ranked.emplace_back(rank, CardFigure{key, figure.at("name").get<std::string>(),
                                         figure.value("method", std::string()), figure_of(figure)});
  }
  std::ranges::sort(ranked, {}, [](const auto& one) { return std::pair(one.first, std::string_view(one.second.key)); });
  std::vector<CardFigure> figures;
  for (auto& [rank, figure] : ranked) figures.push_back(std::move(figure));
  return figures;
}

CardAttribute attribute_of(const Json& json) {
  CardAttribute attribute{json.at("attribute").get<std::string>(),
                          json.at("metric").get<std::string>(),
                          json.at("worst").get<std::string>(),
                          figure_of(json.at("gap")),
                          {}};
  for (const Json& group : json.at("groups")) {
    attribute.groups.push_back({group.at("group").get<std::string>(), group.at("rows").get<std::size_t>(),
                                group.at("too_few").get<bool>(), figure_of(group.at("metric"))});
  }
  return attribute;
}

CardEvaluation evaluation_of(const Json& json) {
  CardEvaluation found;
  found.title = json.at("source").get<std::string>();
  found.dataset = found.title;
  found.task = json.at("task").get<std::string>();
  found.scores = json.at("scores").get<std::string>();
  found.rows = json.at("rows").get<std::size_t>();
  if (!json.at("patients").is_null()) found.patients = json.at("patients").get<std::size_t>();
  found.level = json.at("level").get<double>();
  found.figures = figures_of(json.at("figures"));
  for (const Json& label : json.at("classes")) {
    found.labels.push_back(
        {label.at("label").get<std::string>(), label.at("positives").get<std::size_t>(), figure_of(label.at("auc"))});
  }
  std::size_t groups = 0;
  for (const Json& attribute : json.at("attributes")) {
    found.attributes.push_back(attribute_of(attribute));
    groups += found.attributes.back().groups.size();
  }
  if (groups > kMaxGroups)
    throw Error(Code::kTooLarge, fmt::format("{} groups; expected at most {}", groups, kMaxGroups));
  found.warnings = json.at("warnings").get<std::vector<std::string>>();
  return found;
}

/// @throws Error{kBadFile} for JSON of another kind, which nlohmann's types alone would not say of which file.
template <typename Read>
auto read_as(std::string_view text, std::string_view name, std::string_view what, const Read& read) {
  const Json json = base::parse_json(text, {.name = name, .fault = Code::kBadFile, .max_values = kMaxValues});
  try {
    return read(json);
  } catch (const Json::exception&) {
    throw Error(Code::kBadFile, fmt::format("{}: is no {} of mi2 evaluate", name, what));
  }
}

std::string text_of(const fs::path& path) { return base::read_text_file(path, kMaxReportBytes); }

CardEvaluation report_in(const fs::path& folder) {
  const fs::path path = folder / "report.json";
  return parse_card_evaluation(text_of(path), path.native());
}

/// The folder of a way is called as the way, and lies inside.
bool is_plain(std::string_view key) {
  return !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

struct Overview {
  std::vector<std::string> ways;
  std::string title;
  std::string weights_sha256;
  std::string made;
  std::string energy;
};

Overview overview_of(const fs::path& path) {
  return read_as(text_of(path), path.native(), "evaluation.json", [&](const Json& json) {
    if (json.contains("datasets")) {
      throw Error(Code::kBadArgument, fmt::format("{}: is of several datasets; expected the folder of one in it",
                                                  path.parent_path().string()));
    }
    const Json& model = json.at("model");
    Overview found{{},
                   json.at("title").get<std::string>(),
                   model.at("weights_sha256").get<std::string>(),
                   fmt::format("{}, images prepared as {}", model.at("dtype").get<std::string>(),
                               model.at("profile").get<std::string>()),
                   json.contains("energy") ? json.at("energy").dump() : std::string()};
    for (const auto& [key, way] : json.at("ways").items()) {
      if (!is_plain(key) || found.ways.size() == kMaxWays) {
        throw Error(Code::kBadFile, fmt::format("{}: {} is no way of answering", path.string(), base::in_quotes(key)));
      }
      found.ways.push_back(key);
    }
    return found;
  });
}

}  // namespace

CardEvaluation parse_card_evaluation(std::string_view text, std::string_view name) {
  return read_as(text, name, "report.json", evaluation_of);
}

CardEvaluations read_card_evaluations(const fs::path& folder) {
  CardEvaluations found;
  std::error_code ignored;
  if (!fs::exists(folder / "evaluation.json", ignored)) {
    found.reports.push_back(report_in(folder));
    found.title = found.reports.front().title;
    return found;
  }
  const Overview overview = overview_of(folder / "evaluation.json");
  for (const std::string& way : overview.ways) {
    found.reports.push_back(report_in(folder / way));
    found.reports.back().weights_sha256 = overview.weights_sha256;
    found.reports.back().made = overview.made;
    found.reports.back().dataset = overview.title;
  }
  found.energy = overview.energy;
  found.title = overview.title;
  return found;
}

}  // namespace mi2::report
