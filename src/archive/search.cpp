#include "archive/search.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/linked.hpp"
#include "archive/owners.hpp"
#include "archive/scan/sets.hpp"
#include "archive/search_parts.hpp"

namespace mi2::archive {
namespace {

/// A patient with more of the studies than this, if there are enough, is probably none.
constexpr double kCrowd = 0.05;
constexpr std::int64_t kFewStudies = 40;

/// All rows as the engine takes them.
struct Rows {
  scan::Bitmap allowed;
  scan::Bitmap deleted;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint32_t> owners;
  Numbers owner_numbers;
  Excluded excluded;
  bool has_subject = false;                   ///< a row is of whom the search is about
  std::unordered_set<std::uint32_t> without;  ///< groups with rows that were deleted since: they may be no results
};

/// Whether a row counts.
enum class State : std::uint8_t { kLater, kDeleted, kErased, kThere };

/// Whether rows that were deleted after the snapshot count.
bool takes_deleted(const SearchOptions& options) { return options.at > 0 && options.deleted_since; }

State state_of(const RowFacts& row, const SearchOptions& options) {
  const bool gone = row.kind == RowFacts::Kind::kGone;
  if (options.at > 0 && row.added > options.at) return State::kLater;
  if (takes_deleted(options) && row.removed > options.at) return gone ? State::kErased : State::kThere;
  return row.deleted || gone ? State::kDeleted : State::kThere;
}

/// @param visible  whether not all rows are: of what was erased nothing says who might have seen it.
void count_missing(const RowFacts& row, State state, bool visible, Excluded& excluded) {
  if (visible && row.kind == RowFacts::Kind::kGone) return;
  if (state == State::kDeleted) ++excluded.deleted;
  if (state == State::kErased) ++excluded.erased;
}

/// Owners' numbers.
struct Subjects {
  std::set<std::uint32_t> own;     ///< of whom the query is
  std::set<std::uint32_t> linked;  ///< who have pictures of theirs, if all of them are left out
  std::vector<Id> linked_patients;
};

Rows read_rows(Reader& archive, const SearchOptions& options, const Subjects& subjects, Numbers known) {
  const bool only = options.same_patient == SamePatient::kOnly;
  const auto count = static_cast<std::size_t>(archive.segments().rows());
  Rows rows;
  rows.owner_numbers = std::move(known);
  rows.allowed = scan::Bitmap(count);
  rows.deleted = scan::Bitmap(count, true);  // a row without an entry is nobody's
  rows.groups.assign(count, 0);
  rows.owners.assign(count, 0);
  Numbers groups;
  const RowFacts::Kind wanted = options.match == Match::kMean ? RowFacts::Kind::kSeries : RowFacts::Kind::kFrame;
  const auto where = options.where ? archive.allowed(*options.where) : nullptr;
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  for (const RowFacts& row : archive.rows()) {
    const auto r = static_cast<std::size_t>(row.row);
    if (visible && !visible->test(r)) continue;
    if (const State state = state_of(row, options); state != State::kThere) {
      count_missing(row, state, visible != nullptr, rows.excluded);
      continue;
    }
    if (row.kind != wanted) continue;
    rows.owners[r] = rows.owner_numbers.of(owner_of(row.patient, row.study, row.instance));
    rows.groups[r] = groups.of(group_of(row, options.by));
    rows.deleted.reset(r);
    const bool others = only && !subjects.own.contains(rows.owners[r]);
    rows.has_subject = rows.has_subject || !others;
    if (where && !where->test(r)) {
      ++rows.excluded.filter;
    } else if (others) {
      ++rows.excluded.other_patients;
    } else {
      if (row.deleted) rows.without.insert(rows.groups[r]);
      rows.allowed.set(r);
      if (!subjects.linked.empty() && subjects.linked.contains(rows.owners[r])) ++rows.excluded.linked_patients;
    }
  }
  return rows;
}

/// Whether one of the patients left out has a crowd of studies.
bool is_crowded(Reader& archive, std::span<const QueryPart> parts) {
  std::set<Id> patients;
  for (const QueryPart& part : parts) {
    for (const Subject& who : part.subjects) {
      if (who.patient != 0) patients.insert(who.patient);
    }
  }
  if (patients.empty()) return false;
  const std::int64_t all = archive.catalog().studies();
  if (all < kFewStudies) return false;
  return std::any_of(patients.begin(), patients.end(), [&](Id patient) {
    return static_cast<double>(archive.catalog().studies_of(patient)) > kCrowd * static_cast<double>(all);
  });
}

/// The patients, none of these, who have pictures of one of these.
std::vector<Id> linked_with(Reader& archive, const std::set<Id>& patients, const SearchOptions& options) {
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  std::set<Id> linked;
  for (const Id patient : patients) linked.merge(linked_patients(archive, patient, visible.get()));
  for (const Id patient : patients) linked.erase(patient);
  return {linked.begin(), linked.end()};
}

Subjects subjects_of(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options, Numbers& owners) {
  Subjects subjects;
  std::set<Id> patients;
  for (const QueryPart& part : parts) {
    for (const Subject& who : part.subjects) {
      const Named owner = owner_of(who.patient, who.study, who.instance);
      if (owner.id != 0) subjects.own.insert(owners.of(owner));
      if (who.patient != 0) patients.insert(who.patient);
    }
  }
  if (options.same_patient != SamePatient::kExclude) return subjects;
  subjects.linked_patients = options.linked ? *options.linked : linked_with(archive, patients, options);
  for (const Id linked : subjects.linked_patients) subjects.linked.insert(owners.of(owner_of(linked, 0, 0)));
  return subjects;
}

/// The nearest rows of a result, after their checksums were compared.
std::vector<MatchedImage> matched_images(Reader& archive, std::span<const QueryPart> parts,
                                         std::span<const scan::Nearest> pairs) {
  std::vector<MatchedImage> images;
  const std::vector<RowFacts>& rows = archive.rows();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto facts = std::lower_bound(rows.begin(), rows.end(), pairs[i].row,
                                        [](const RowFacts& row, std::uint32_t wanted) { return row.row < wanted; });
    static_cast<void>(archive.row(facts->row, facts->crc));
    images.push_back({{}, facts->row, pairs[i].score});
    if (parts[i].origin.asked == Asked::kItem) images.back().asked = parts[i].origin.item;
  }
  return images;
}

/// The page that was asked for, of all that was found.
void take_page(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
               std::span<const scan::SetHit> hits, SearchAnswer& answer) {
  const Background background(archive.catalog());
  const Nature nature = nature_of(parts);
  answer.min_score = least_score(options, background, nature);
  const ItemFacts* const asked = only_facts(parts);
  for (const auto& [hit, pairs] : hits) {
    const std::optional<After>& last = options.after;
    if (last && (hit.score > last->score || (hit.score == last->score && hit.row <= last->row))) continue;
    ItemFacts item = archive.item(hit.row, takes_deleted(options));
    if (options.paged && item.deleted) continue;
    const bool low = answer.min_score && hit.score < answer.min_score->score;  // and so are all behind it
    if (answer.found.size() + answer.excluded.score == options.k) {
      answer.more = !low;
      return;
    }
    if (low) {
      ++answer.excluded.score;
      continue;
    }
    static_cast<void>(archive.row(hit.row, item.crc));
    answer.found.push_back({hit.score, {}, std::move(item)});
    Found& found = answer.found.back();
    // The background is of single cosines.
    if (options.match != Match::kMaxSim) found.judgement = background.judge(nature, hit.score);
    found.pairs = matched_images(archive, parts, pairs);
    if (asked != nullptr) compare_tags(*asked, found);
  }
}

/// What the engine searches for: one direction, or each part's. @throws Error{kBadArgument} as search().
std::vector<scan::Query> queries_of(std::span<const QueryPart> parts, const SearchOptions& options) {
  require_asked(parts);
  if (options.match != Match::kMaxSim) return {scan::Query{direction_of(parts), 1, {}}};
  if (options.by == By::kImage || options.by == By::kTile) {
    throw Error(Code::kBadArgument, "match: expected best or mean with images as results, got maxsim");
  }
  std::vector<scan::Query> queries;
  for (const QueryPart& part : parts) {
    if (part.weight < 0) {
      throw Error(Code::kBadArgument, "match: expected best or mean with what is looked away from, got maxsim");
    }
    queries.push_back({direction_of(std::span(&part, 1)), 1, {}});
  }
  return queries;
}

/// What the engine finds.
scan::SetAnswer scanned(const scan::Scan& engine, std::span<const scan::Query> queries, const SearchOptions& options,
                        const scan::Scope& scope, base::ThreadPool& pool) {
  if (options.match == Match::kMaxSim) return scan::search_set(engine, queries, scope, pool, options.stop);
  scan::Answer found = engine.search(queries, scope, pool, options.stop).front();
  scan::SetAnswer answer{{}, found.counts, found.exact};
  for (const scan::Hit& hit : found.hits) answer.hits.push_back({hit, {}});
  return answer;
}

}  // namespace

SearchAnswer search(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
                    base::ThreadPool& pool) {
  std::vector<scan::Query> queries = queries_of(parts, options);
  scan::Query& query = queries.front();
  query.k = options.k + options.shown + (options.paged ? 1 : 0);
  if (options.at > archive.sequence()) {
    throw Error(Code::kBadArgument,
                fmt::format("search: expected the number of a snapshot that there was, up to {}, got a later one",
                            archive.sequence()));
  }
  Numbers owners;
  const Subjects subjects = subjects_of(archive, parts, options, owners);
  const bool only = options.same_patient == SamePatient::kOnly;
  require_subject(!only || !subjects.own.empty());
  SearchAnswer answer;
  answer.snapshot = options.at > 0 ? options.at : archive.sequence();
  const Rows rows = read_rows(archive, options, subjects, std::move(owners));
  // Whether somebody is among the rows that may not be seen must not show either.
  require_subject(!only || !options.visible || rows.has_subject);
  if (options.paged) query.k += rows.without.size();
  answer.excluded = rows.excluded;
  answer.linked = subjects.linked_patients;
  if (archive.segments().rows() == 0) {
    answer.exact = true;
    if (options.min_score && !options.min_score->automatic) answer.min_score = options.min_score;
    return answer;
  }
  if (options.same_patient == SamePatient::kExclude) {
    query.excluded_owners.assign(subjects.own.begin(), subjects.own.end());
    query.excluded_owners.insert(query.excluded_owners.end(), subjects.linked.begin(), subjects.linked.end());
  }
  scan::Scope scope;
  scope.rows = static_cast<std::size_t>(archive.segments().rows());
  scope.allowed = &rows.allowed;
  scope.deleted = &rows.deleted;
  scope.groups = rows.groups;
  scope.owners = rows.owners;
  const scan::Scan& engine = archive.scan(pool, options.on_progress);
  const scan::SetAnswer found = scanned(engine, queries, options, scope, pool);
  archive.check(takes_deleted(options));
  answer.exact = found.exact;
  answer.searched = found.counts.searched;
  answer.excluded.same_patient = found.counts.excluded_owner - answer.excluded.linked_patients;
  answer.crowded_patient = options.same_patient == SamePatient::kExclude && !options.visible &&
                           answer.excluded.same_patient > 0 && is_crowded(archive, parts);
  take_page(archive, parts, options, found.hits, answer);
  return answer;
}

}  // namespace mi2::archive
