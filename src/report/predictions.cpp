#include "report/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "report/columns.hpp"

namespace mi2::report {
namespace {

double score_of(const std::string& text, const base::Table& table, std::size_t line, std::size_t column) {
  if (const std::optional<double> value = base::parse_finite(text)) return *value;
  throw Error(Code::kBadFile, fmt::format("{}: line {}: column {}: expected a finite number as score, got {}",
                                          table.name(), line, column + 1, text.empty() ? "nothing" : "something else"));
}

void check_id(const std::string& id, const base::Table& table, std::size_t line) {
  if (id.empty()) throw Error(Code::kBadFile, fmt::format("{}: line {}: the id is empty", table.name(), line));
}

Predictions read_wide(base::Table& table, std::size_t id_column) {
  Predictions found{table.name(), {}, {}, {}};
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < table.header().size(); ++c) {
    if (c == id_column) continue;
    if (table.header()[c].empty()) {
      throw Error(Code::kBadFile, fmt::format("{}: column {} has no name; expected a label", table.name(), c + 1));
    }
    columns.push_back(c);
    found.labels.push_back(table.header()[c]);
  }
  check_size_of_scores(table.name(), table.rows().size(), columns.size());
  found.scores.classes = columns.size();
  found.scores.values.reserve(table.rows().size() * columns.size());
  std::unordered_map<std::string, std::size_t> line_of;
  for (base::CsvRow& row : table.take_rows()) {
    std::string& id = row.fields[id_column];
    check_id(id, table, row.line);
    const auto [earlier, is_new] = line_of.emplace(id, row.line);
    if (!is_new) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: the id of line {} again; expected each once", table.name(),
                                              row.line, earlier->second));
    }
    for (const std::size_t c : columns) {
      found.scores.values.push_back(score_of(row.fields[c], table, row.line, c));
    }
    found.ids.push_back(std::move(id));
  }
  return found;
}

/// One score of a long table.
struct Entry {
  std::size_t row = 0;
  std::size_t label = 0;
  double score = 0;
  std::size_t line = 0;
};

/// The place of a name in a list that grows by it if it is new.
std::size_t place_of(std::string&& name, std::vector<std::string>& list,
                     std::unordered_map<std::string, std::size_t>& places) {
  const auto [place, is_new] = places.emplace(name, list.size());
  if (is_new) list.push_back(std::move(name));
  return place->second;
}

/// Sorts labels, by size if all are numbers: a long table names them in the order of its first id's scores, and some
/// figures tell by their order how far apart two are. @returns the new place of each.
std::vector<std::size_t> sort_labels(std::vector<std::string>& labels) {
  std::vector<double> numbers;
  for (const std::string& label : labels) {
    if (const std::optional<double> number = base::parse_finite(label)) numbers.push_back(*number);
  }
  const bool by_size = numbers.size() == labels.size();
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (by_size && numbers[a] != numbers[b]) return numbers[a] < numbers[b];
    return labels[a] < labels[b];
  });
  std::vector<std::string> sorted;
  std::vector<std::size_t> places(labels.size());
  for (const std::size_t from : order) {
    places[from] = sorted.size();
    sorted.push_back(std::move(labels[from]));
  }
  labels = std::move(sorted);
  return places;
}

Predictions read_long(base::Table& table, std::size_t id, std::size_t label, std::size_t score,
                      const std::optional<double>& absent_score) {
  Predictions found{table.name(), {}, {}, {}};
  std::unordered_map<std::string, std::size_t> row_of;
  std::unordered_map<std::string, std::size_t> label_of;
  std::vector<Entry> entries;
  for (base::CsvRow& row : table.take_rows()) {
    check_id(row.fields[id], table, row.line);
    const double value = score_of(row.fields[score], table, row.line, score);
    const std::size_t r = place_of(std::move(row.fields[id]), found.ids, row_of);
    entries.push_back({r, place_of(std::move(row.fields[label]), found.labels, label_of), value, row.line});
  }
  const std::size_t labels = found.labels.size();
  check_size_of_scores(table.name(), found.ids.size(), labels);
  std::unordered_set<std::string> seen;  // as columns of a table they would be one
  for (const std::string& name : found.labels) {
    if (seen.insert(base::lower_ascii(name)).second) continue;
    throw Error(Code::kBadFile, fmt::format("{}: two labels differ in case alone", table.name()));
  }
  const std::vector<std::size_t> new_place = sort_labels(found.labels);
  found.scores = {labels, std::vector<double>(found.ids.size() * labels, absent_score.value_or(0.0))};
  std::vector<bool> is_known(found.scores.values.size());
  std::vector<std::size_t> last_line(found.ids.size());
  for (const Entry& entry : entries) {
    const std::size_t at = entry.row * labels + new_place[entry.label];
    if (is_known[at]) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: this id has a score of this label already; expected one",
                                              table.name(), entry.line));
    }
    is_known[at] = true;
    last_line[entry.row] = entry.line;
    found.scores.values[at] = entry.score;
  }
  for (std::size_t at = 0; at < is_known.size() && !absent_score; ++at) {
    if (is_known[at]) continue;
    throw Error(
        Code::kBadFile,
        fmt::format("{}: line {}: the last row of an id that has no score of {} of {} labels; expected a score "
                    "of every label, or --absent-score",
                    table.name(), last_line[at / labels],
                    std::count(is_known.begin() + static_cast<std::ptrdiff_t>(at / labels * labels),
                               is_known.begin() + static_cast<std::ptrdiff_t>((at / labels + 1) * labels), false),
                    labels));
  }
  return found;
}

}  // namespace

void check_size_of_scores(std::string_view source, std::size_t rows, std::size_t labels) {
  if (labels == 0 || rows <= kMaxScores / labels) return;
  throw Error(Code::kTooLarge,
              fmt::format("{}: {} rows of {} labels; expected at most {} scores", source, rows, labels, kMaxScores));
}

Predictions read_predictions(base::Table table, const std::optional<double>& absent_score) {
  if (absent_score && !std::isfinite(*absent_score)) {
    throw Error(Code::kBadArgument, fmt::format("--absent-score: expected a finite number, got {}", *absent_score));
  }
  if (table.rows().empty()) throw Error(Code::kBadFile, fmt::format("{}: has no row", table.name()));
  const std::size_t id = table.need(kIdColumn);
  const auto label = table.find(base::kLabelColumn);
  const auto score = table.find(kScoreColumn);
  if (label && score) return read_long(table, id, *label, *score, absent_score);
  if (table.header().size() < 2) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a column of scores per label beside the id", table.name()));
  }
  return read_wide(table, id);
}

}  // namespace mi2::report
