#include "report/retrieval.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "evaluation/retrieval.hpp"
#include "report/columns.hpp"
#include "report/label_rows.hpp"
#include "report/sampling.hpp"

namespace mi2::report {
namespace {

constexpr std::array<std::string_view, 1> kQueryColumn{"query"};
constexpr std::array<std::string_view, 1> kItemColumn{"item"};

/// What is known of a query or an item.
struct Known {
  std::set<std::string> labels;
  std::string patient;
};

using KnownIds = std::unordered_map<std::string, Known>;

KnownIds known_ids(base::Table labels) {
  CaseOptions options;
  options.task = Task::kMany;
  KnownIds found;
  for (LabelRow& row : read_label_rows(std::move(labels), options).rows) {
    const std::vector<std::string> names = split_labels(row.label);
    found.emplace(std::move(row.id), Known{{names.begin(), names.end()}, std::move(row.patient)});
  }
  return found;
}

bool is_relevant(const Known& query, const Known& item) {
  return std::any_of(query.labels.begin(), query.labels.end(),
                     [&](const std::string& label) { return item.labels.count(label) > 0; });
}

struct RankedItem {
  std::size_t item = 0;
  double score = 0;
};

struct Ranking {
  std::string query;
  std::vector<RankedItem> items;
};

struct Rankings {
  std::vector<Ranking> queries;
  std::vector<std::string> items;
};

Rankings read_rankings(base::Table& table) {
  const std::size_t query = table.need(kQueryColumn);
  const std::size_t item = table.need(kItemColumn);
  const std::size_t score = table.need(kScoreColumn);
  Rankings found;
  std::unordered_map<std::string, std::size_t> query_of;
  std::unordered_map<std::string, std::size_t> item_of;
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (base::CsvRow& row : table.take_rows()) {
    const std::optional<double> value = base::parse_finite(row.fields[score]);
    if (!value) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: line {}: expected a finite number as score", table.name(), row.line));
    }
    const auto [q, is_new_query] = query_of.emplace(row.fields[query], found.queries.size());
    if (is_new_query) found.queries.push_back({std::move(row.fields[query]), {}});
    const auto [i, is_new_item] = item_of.emplace(row.fields[item], found.items.size());
    if (is_new_item) found.items.push_back(std::move(row.fields[item]));
    if (!pairs.emplace(q->second, i->second).second) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: this query has this item already", table.name(), row.line));
    }
    found.queries[q->second].items.push_back({i->second, *value});
  }
  if (found.queries.empty()) throw Error(Code::kBadFile, fmt::format("{}: has no row", table.name()));
  // Of equal scores the first in the table comes first.
  for (Ranking& ranking : found.queries) {
    std::stable_sort(ranking.items.begin(), ranking.items.end(),
                     [](const RankedItem& a, const RankedItem& b) { return a.score > b.score; });
  }
  return found;
}

std::vector<std::pair<std::string, std::string>> figure_names(const RetrievalOptions& options) {
  std::vector<std::pair<std::string, std::string>> names{{"map", "mean average precision"}};
  for (const std::size_t k : options.cut_offs) {
    names.emplace_back(fmt::format("precision_at_{}", k), fmt::format("P@{}", k));
    names.emplace_back(fmt::format("recall_at_{}", k), fmt::format("R@{}", k));
    names.emplace_back(fmt::format("ndcg_at_{}", k), fmt::format("nDCG@{}", k));
  }
  return names;
}

/// Of one query with relevant items, in the order of figure_names().
std::vector<double> figures_of(const std::vector<std::uint8_t>& relevant, std::size_t all,
                               const RetrievalOptions& options) {
  std::vector<double> found{evaluation::average_precision(relevant, all).value_or(0.0)};
  for (const std::size_t k : options.cut_offs) {
    found.push_back(evaluation::precision_at(relevant, k));
    found.push_back(evaluation::recall_at(relevant, all, k).value_or(0.0));
    found.push_back(evaluation::ndcg_at(relevant, all, k).value_or(0.0));
  }
  return found;
}

/// Judges queries one by one.
class Judge {
 public:
  Judge(const Rankings& rankings, const KnownIds& known, std::string source)
      : rankings_(rankings), source_(std::move(source)) {
    for (const std::string& item : rankings.items) items_.push_back(&find(known, item));
  }

  /// @returns whether the query has a relevant item.
  bool judge(const Ranking& ranking, const KnownIds& known, Retrieval& found) {
    const Known& query = find(known, ranking.query);
    const auto is_own = [&](std::size_t item) {
      return rankings_.items[item] == ranking.query ||
             (!query.patient.empty() && items_[item]->patient == query.patient);
    };
    std::size_t all = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) all += !is_own(i) && is_relevant(query, *items_[i]) ? 1 : 0;
    if (all == 0) return false;
    std::vector<std::uint8_t> relevant;
    for (const RankedItem& item : ranking.items) {
      if (is_own(item.item)) {
        ++found.own_left_out;
      } else {
        relevant.push_back(is_relevant(query, *items_[item.item]) ? 1 : 0);
      }
    }
    values_.push_back(figures_of(relevant, all, found.options));
    patients_.push_back(query.patient);
    return true;
  }

  [[nodiscard]] const std::vector<std::vector<double>>& values() const noexcept { return values_; }
  [[nodiscard]] const std::vector<std::string>& patients() const noexcept { return patients_; }

 private:
  [[nodiscard]] const Known& find(const KnownIds& known, const std::string& id) const {
    const auto found = known.find(id);
    if (found != known.end()) return found->second;
    throw Error(Code::kBadFile, fmt::format("{}: has queries or items without a label, of {} and {} in all", source_,
                                            rankings_.queries.size(), rankings_.items.size()));
  }

  const Rankings& rankings_;
  std::string source_;
  std::vector<const Known*> items_;
  std::vector<std::vector<double>> values_;  ///< [queries, figures]
  std::vector<std::string> patients_;
};

void add_figures(const Judge& judge, Retrieval& found, const base::OnProgress& progress) {
  const auto& values = judge.values();
  const std::size_t count = values.front().size();
  const auto means = [&](std::span<const double> weights) {
    std::vector<std::optional<double>> sums(count, 0.0);
    double all = 0;
    for (std::size_t q = 0; q < values.size(); ++q) {
      const double weight = weights.empty() ? 1.0 : weights[q];
      all += weight;
      for (std::size_t f = 0; f < count; ++f) *sums[f] += weight * values[q][f];
    }
    for (auto& sum : sums) sum = all > 0 ? std::optional(*sum / all) : std::nullopt;
    return sums;
  };
  const std::vector<std::size_t> strata(values.size(), 0);
  const auto has_patient = [](const std::string& patient) { return !patient.empty(); };
  found.by_patient = std::all_of(judge.patients().begin(), judge.patients().end(), has_patient);
  Sampling sampling{strata, {}, {found.options.samples, found.options.level, found.options.seed}};
  if (found.by_patient) sampling.groups = patient_numbers(judge.patients());
  const auto intervals = draw_samples(sampling, count, means, progress);
  const auto whole = means({});
  const auto names = figure_names(found.options);
  for (std::size_t f = 0; f < count; ++f) {
    found.figures.push_back({names[f].first, names[f].second, {whole[f], intervals[f]}});
  }
}

}  // namespace

Retrieval evaluate_retrieval(base::Table ranked, base::Table labels, const RetrievalOptions& options,
                             const base::OnProgress& progress) {
  const std::string source = labels.name();
  const Rankings rankings = read_rankings(ranked);
  const KnownIds known = known_ids(std::move(labels));
  Retrieval found;
  found.options = options;
  found.queries = rankings.queries.size();
  found.items = rankings.items.size();
  Judge judge(rankings, known, source);
  for (std::size_t q = 0; q < rankings.queries.size(); ++q) {
    if (progress && q % 64 == 0) progress({"judging queries", q, rankings.queries.size()});
    if (!judge.judge(rankings.queries[q], known, found)) ++found.without_relevant;
  }
  if (judge.values().empty()) {
    throw Error(Code::kBadArgument, fmt::format("{}: no query has a relevant item, of {} queries and {} items",
                                                ranked.name(), found.queries, found.items));
  }
  add_figures(judge, found, progress);
  if (found.without_relevant > 0) {
    found.warnings.push_back(fmt::format("{} of {} queries have no relevant item and are in no figure",
                                         found.without_relevant, found.queries));
  }
  if (found.own_left_out > 0) {
    found.warnings.push_back(
        fmt::format("{} ranked items are the query itself, or of its patient, and are left out", found.own_left_out));
  }
  return found;
}

}  // namespace mi2::report
