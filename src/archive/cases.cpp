#include "archive/cases.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/distance.hpp"
#include "archive/scan/bitmap.hpp"
#include "archive/scan/scan.hpp"
#include "archive/slices.hpp"

namespace mi2::archive {
namespace {

/// Rows that are judged alone, or of which a study or series is pooled.
bool is_wanted(const RowFacts& row, Pooling pooling) {
  if (row.deleted || row.kind == RowFacts::Kind::kGone) return false;
  const bool frame = row.kind == RowFacts::Kind::kFrame;
  switch (pooling) {
    case Pooling::kMean:
      return !frame || row.series == 0;
    case Pooling::kStats7:
      return frame && row.study != 0;
    case Pooling::kImage:
    case Pooling::kCenter20:
      break;
  }
  return frame;
}

/// The slices in the middle: by position, where all have one, as a changed file's rows come later than its neighbours'.
void keep_middle(Catalog& catalog, std::vector<RowFacts>& rows) {
  constexpr std::uint64_t kMiddle = 20;
  if (rows.size() <= kMiddle) return;
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::optional<ItemFacts> item = catalog.item(rows[i].row);
    if (item && item->position) order.emplace_back(*item->position, i);
  }
  std::vector<RowFacts> sorted;
  if (order.size() == rows.size()) {
    std::sort(order.begin(), order.end());
    for (const auto& [position, i] : order) sorted.push_back(rows[i]);
  } else {
    sorted = rows;
  }
  // With several windows a slice has as many rows.
  std::vector<std::uint64_t> slices;
  std::unordered_set<std::uint64_t> known;
  for (const RowFacts& row : sorted) {
    if (known.insert(row.picture).second) slices.push_back(row.picture);
  }
  std::unordered_set<std::uint64_t> middle;
  for (const std::uint64_t place : chosen({Slices::Kind::kCenter, kMiddle}, slices.size())) {
    middle.insert(slices[static_cast<std::size_t>(place)]);
  }
  rows.clear();
  std::copy_if(sorted.begin(), sorted.end(), std::back_inserter(rows),
               [&](const RowFacts& row) { return middle.contains(row.picture); });
}

}  // namespace

Id pooled_with(const RowFacts& row, Pooling pooling) {
  if (pooling == Pooling::kStats7) return row.study;
  return pooling == Pooling::kCenter20 ? row.series : 0;
}

Pooling parse_pooling(std::string_view name) {
  if (name == "image") return Pooling::kImage;
  if (name == "mean") return Pooling::kMean;
  if (name == "stats7") return Pooling::kStats7;
  if (name == "center20") return Pooling::kCenter20;
  throw Error(Code::kBadArgument, fmt::format("pool: expected image, mean, stats7 or center20, got '{}'", name));
}

void each_judged(Reader& archive, Pooling pooling, const std::function<bool(const RowFacts&)>& is_chosen,
                 const std::function<void(const RowFacts&)>& use) {
  std::unordered_set<Id> series;
  for (const RowFacts& row : archive.rows()) {
    const bool frame = !row.deleted && row.kind == RowFacts::Kind::kFrame;
    if (pooling == Pooling::kMean && frame && row.series != 0 && is_chosen(row)) series.insert(row.series);
  }
  for (const RowFacts& row : archive.rows()) {
    if (!is_wanted(row, pooling)) continue;
    if (row.kind == RowFacts::Kind::kSeries ? series.contains(row.series) : is_chosen(row)) use(row);
  }
}

Cases cases_of(Reader& archive, Pooling pooling, Numbers& owners, const std::function<bool(const RowFacts&)>& is_chosen,
               const MostCases& most) {
  Cases cases;
  std::map<Id, std::size_t> known;
  each_judged(archive, pooling, is_chosen, [&](const RowFacts& row) {
    const Id with = pooled_with(row, pooling);
    const auto [place, fresh] = with != 0 ? known.try_emplace(with, cases.all.size()) : std::pair(known.end(), true);
    if (fresh) {
      check_count(cases.all.size() + 1, most);
      cases.all.push_back({{}, owners.of(owner_of(row.patient, row.study, row.instance))});
    }
    cases.all[with != 0 ? place->second : cases.all.size() - 1].rows.push_back(row);
  });
  if (pooling == Pooling::kCenter20) {
    for (Case& one : cases.all) keep_middle(archive.catalog(), one.rows);
  }
  if (pooling == Pooling::kStats7) {
    cases.too_few =
        static_cast<std::size_t>(std::erase_if(cases.all, [](const Case& one) { return images_in(one) < 2; }));
  }
  return cases;
}

std::size_t images_in(const Case& one) {
  std::unordered_set<std::uint64_t> known;
  for (const RowFacts& row : one.rows) known.insert(row.picture);
  return known.size();
}

void check_count(std::size_t count, const MostCases& most) {
  if (most.count == 0 || count <= most.count) return;
  throw Error(
      Code::kTooLarge,
      fmt::format("{}: expected at most {} images, series or studies to compare, got more; a filter chooses fewer",
                  most.what, most.count));
}

std::vector<Neighbours> nearest_cases(Reader& archive, std::span<const Case> reference, std::span<const Case> asked,
                                      const NearestOptions& options, base::ThreadPool& pool) {
  constexpr std::size_t kAtOnce = 448;
  const auto count = static_cast<std::size_t>(archive.segments().rows());
  scan::Bitmap allowed(count);
  std::vector<std::uint32_t> owners(count, 0);
  std::unordered_map<std::uint64_t, std::size_t> case_of;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto row = static_cast<std::size_t>(reference[i].rows.front().row);
    allowed.set(row);
    owners[row] = reference[i].owner;
    case_of.emplace(row, i);
  }
  scan::Scope scope;
  scope.rows = count;
  scope.allowed = &allowed;
  scope.owners = owners;
  if (options.one_per_owner) scope.groups = owners;
  const scan::Scan& engine = archive.scan(pool, options.on_progress);
  std::vector<Neighbours> found;
  for (std::size_t first = 0; first < asked.size(); first += kAtOnce) {
    std::vector<scan::Query> queries;
    for (const Case& one : asked.subspan(first, std::min(kAtOnce, asked.size() - first))) {
      const std::span<const float> row = archive.row(one.rows.front().row, one.rows.front().crc);
      queries.push_back({{row.begin(), row.end()}, options.k, {one.owner}});
    }
    const std::vector<scan::Answer> answers = engine.search(queries, scope, pool, options.stop);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      Neighbours& neighbours = found.emplace_back();
      for (const scan::Hit& hit : answers[i].hits) {
        const std::size_t of_reference = case_of.at(hit.row);
        const RowFacts& facts = reference[of_reference].rows.front();
        neighbours.push_back({euclidean(queries[i].vector, archive.row(facts.row, facts.crc)), of_reference});
      }
    }
    if (options.on_progress) options.on_progress({"comparing", found.size(), asked.size()});
  }
  return found;
}

}  // namespace mi2::archive
