#include "adapter/zero_shot_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/table.hpp"
#include "vectors/label_table.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxBytes = 1ULL << 30;

/// {"path": .., "labels": [{"label": .., "score": ..}, ..]}
bool read_line(const Json& json, ScoreTable& table) {
  if (!json.is_object() || !json.contains("path") || !json["path"].is_string() || !json.contains("labels") ||
      !json["labels"].is_array()) {
    return false;
  }
  std::map<std::string, double> scores;
  for (const Json& row : json["labels"]) {
    if (!row.is_object() || !row.contains("label") || !row["label"].is_string() || !row.contains("score") ||
        !row["score"].is_number() || !std::isfinite(row["score"].get<double>())) {
      return false;
    }
    if (!scores.emplace(row["label"].get<std::string>(), row["score"].get<double>()).second) return false;
  }
  table.paths.push_back(json["path"].get<std::string>());
  table.scores.push_back(std::move(scores));
  return true;
}

}  // namespace

std::vector<std::string> read_prompts(const std::filesystem::path& path, std::span<const std::string> labels) {
  const std::string source = path.string();
  const base::Table table = base::Table::read(path);
  const std::size_t label = table.need(base::kLabelColumn);
  const std::size_t prompt = table.need(base::kPromptColumn);
  std::unordered_map<std::string_view, std::string_view> prompt_of;  // the first of a label's
  for (const base::CsvRow& row : table.rows()) prompt_of.emplace(row.fields[label], row.fields[prompt]);
  std::vector<std::string> prompts;
  for (const std::string& wanted : labels) {
    const auto found = prompt_of.find(wanted);
    if (found == prompt_of.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: has no row for the label '{}'", source, wanted));
    }
    prompts.emplace_back(found->second);
  }
  return prompts;
}

evaluation::Scores zero_shot_scores(const Embedder& embedder, const std::vector<std::string>& prompts,
                                    const EmbeddingMatrix& embeddings, std::span<const std::size_t> rows) {
  const Classifier classifier(embedder, prompts);
  evaluation::Scores scores{prompts.size(), {}};
  for (const std::size_t r : rows) {
    std::map<std::string, double> found;
    for (const LabelScore& row : classifier.classify(embeddings.row(r))) found[row.label] = row.score;
    for (const std::string& prompt : prompts) scores.values.push_back(found.at(prompt));
  }
  return scores;
}

ScoreTable parse_scores(std::string_view bytes, std::string_view source) {
  ScoreTable table;
  table.source = source;
  const std::vector<std::string_view> lines = vectors::lines_of(bytes);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const std::string name = fmt::format("{}: line {}", source, i + 1);
    if (!read_line(base::parse_json(lines[i], {.name = name, .fault = Code::kBadFile}), table)) {
      throw Error(Code::kBadFile, fmt::format("{}: is not a row of mi2 classify --format jsonl", name));
    }
  }
  return table;
}

ScoreTable read_scores(const std::filesystem::path& path) {
  return parse_scores(base::read_text_file(path, kMaxBytes), path.string());
}

evaluation::Scores scores_of(const ScoreTable& table, std::span<const std::string> names,
                             std::span<const std::string> prompts) {
  vectors::LabelTable paths;
  paths.source = table.source;
  paths.named = true;
  for (const std::string& path : table.paths) paths.rows.push_back({path, "", std::nullopt, paths.rows.size() + 1});
  const vectors::Join joined = vectors::join(names, "the rows to compare", paths);
  evaluation::Scores scores{prompts.size(), {}};
  for (std::size_t r = 0; r < names.size(); ++r) {
    if (!joined.row_of[r]) {
      throw Error(Code::kBadArgument, fmt::format("{}: has no scores of '{}'", table.source, names[r]));
    }
    const std::map<std::string, double>& found = table.scores[*joined.row_of[r]];
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      const auto score = found.find(prompts[p]);
      if (score == found.end()) {
        throw Error(Code::kBadArgument, fmt::format("{}: row {} has no score of label {}; expected all labels, named "
                                                    "as in the adapter or as --prompts says",
                                                    table.source, *joined.row_of[r] + 1, p + 1));
      }
      scores.values.push_back(score->second);
    }
  }
  return scores;
}

}  // namespace mi2::adapter
