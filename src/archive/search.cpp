#include "archive/search.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/owners.hpp"

namespace mi2::archive {
namespace {

/// A patient with more of the studies than this, if there are enough, is probably none.
constexpr double kCrowd = 0.05;
constexpr std::int64_t kFewStudies = 40;

Named group_of(const RowFacts& row, By by) {
  switch (by) {
    case By::kPatient:
      return owner_of(row.patient, row.study, row.instance);
    case By::kStudy:
      if (row.study != 0) return {Level::kStudy, static_cast<std::uint64_t>(row.study)};
      return {Level::kInstance, static_cast<std::uint64_t>(row.instance)};
    case By::kSeries:
      if (row.series != 0) return {Level::kSeries, static_cast<std::uint64_t>(row.series)};
      return {Level::kInstance, static_cast<std::uint64_t>(row.instance)};
    case By::kImage:
      break;
  }
  return {Level::kRow, row.row};
}

/// All rows as the engine takes them.
struct Rows {
  scan::Bitmap allowed;
  scan::Bitmap deleted;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint32_t> owners;
  Numbers owner_numbers;
  Excluded excluded;
  bool has_subject = false;  ///< a row is of whom the search is about
};

Rows read_rows(Reader& archive, const SearchOptions& options, const std::set<std::uint32_t>* only, Numbers known) {
  const auto count = static_cast<std::size_t>(archive.segments().rows());
  Rows rows;
  rows.owner_numbers = std::move(known);
  rows.allowed = scan::Bitmap(count);
  rows.deleted = scan::Bitmap(count, true);  // a row without an entry is nobody's
  rows.groups.assign(count, 0);
  rows.owners.assign(count, 0);
  Numbers groups;
  const RowFacts::Kind wanted = options.mean ? RowFacts::Kind::kSeries : RowFacts::Kind::kFrame;
  const auto where = options.where ? archive.allowed(*options.where) : nullptr;
  const auto visible = options.visible ? archive.allowed(*options.visible) : nullptr;
  for (const RowFacts& row : archive.rows()) {
    const auto r = static_cast<std::size_t>(row.row);
    if ((visible && !visible->test(r)) || (options.at > 0 && row.added > options.at)) continue;
    if (row.deleted || row.kind == RowFacts::Kind::kGone) {
      // Of what was erased nothing says who might have seen it.
      if (!visible || row.kind != RowFacts::Kind::kGone) ++rows.excluded.deleted;
      continue;
    }
    if (row.kind != wanted) continue;
    rows.owners[r] = rows.owner_numbers.of(owner_of(row.patient, row.study, row.instance));
    rows.groups[r] = groups.of(group_of(row, options.by));
    rows.deleted.reset(r);
    const bool others = only != nullptr && !only->contains(rows.owners[r]);
    rows.has_subject = rows.has_subject || !others;
    if (where && !where->test(r)) {
      ++rows.excluded.filter;
    } else if (others) {
      ++rows.excluded.other_patients;
    } else {
      rows.allowed.set(r);
    }
  }
  return rows;
}

Nature nature_of(std::span<const QueryPart> parts) {
  const Nature first = parts.front().nature;
  const bool same = std::all_of(parts.begin(), parts.end(),
                                [&](const QueryPart& part) { return part.nature == first && part.weight > 0; });
  return same ? first : Nature::kOther;
}

QueryPart mean_of(Reader& archive, std::vector<RowFacts> rows, const filter::Expr* visible, std::string_view what) {
  if (visible != nullptr) {
    std::erase_if(rows, [&](const RowFacts& row) { return !archive.catalog().allows(row.row, *visible); });
  }
  if (rows.empty()) {
    throw Error(Code::kNotFound, fmt::format("{}: no {} of this identifier", archive.folder().string(), what));
  }
  std::vector<scan::Part> vectors;
  QueryPart part;
  part.nature = Nature::kImage;
  for (const RowFacts& row : rows) {
    vectors.push_back({archive.row(row.row, row.crc), 1.0});
    part.subjects.push_back({row.patient, row.study, 0});
  }
  if (rows.size() == 1) part.facts = archive.catalog().item(rows.front().row);
  part.vector = scan::combine(vectors);
  return part;
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

}  // namespace

By parse_by(std::string_view name) {
  if (name == "study") return By::kStudy;
  if (name == "series") return By::kSeries;
  if (name == "patient") return By::kPatient;
  if (name == "image") return By::kImage;
  throw Error(Code::kBadArgument, fmt::format("by: expected study, series, patient or image, got '{}'", name));
}

SamePatient parse_same_patient(std::string_view name) {
  if (name == "exclude") return SamePatient::kExclude;
  if (name == "include") return SamePatient::kInclude;
  if (name == "only") return SamePatient::kOnly;
  throw Error(Code::kBadArgument, fmt::format("same-patient: expected exclude, include or only, got '{}'", name));
}

QueryPart part_of_item(Reader& archive, std::uint64_t row, const filter::Expr* visible) {
  const std::optional<ItemFacts> item = row < archive.segments().rows() ? archive.catalog().item(row) : std::nullopt;
  if (!item || (visible != nullptr && !archive.catalog().allows(row, *visible))) {
    throw Error(Code::kNotFound, fmt::format("{}: no item {}", archive.folder().string(), row));
  }
  const std::span<const float> numbers = archive.row(row, item->crc);
  QueryPart part;
  part.nature = Nature::kImage;
  part.vector.assign(numbers.begin(), numbers.end());
  part.subjects.push_back({item->patient, item->study, item->instance});
  part.facts = item;
  return part;
}

QueryPart part_of_series(Reader& archive, std::string_view uid, const filter::Expr* visible) {
  return mean_of(archive, archive.catalog().series_rows(uid, {}), visible, "series");
}

QueryPart part_of_study(Reader& archive, std::string_view uid, const filter::Expr* visible) {
  return mean_of(archive, archive.catalog().series_rows({}, uid), visible, "study");
}

namespace {

/// Owners' numbers of whom a query is.
std::set<std::uint32_t> subjects_of(std::span<const QueryPart> parts, Numbers& owners) {
  std::set<std::uint32_t> subjects;
  for (const QueryPart& part : parts) {
    for (const Subject& who : part.subjects) {
      const Named owner = owner_of(who.patient, who.study, who.instance);
      if (owner.id != 0) subjects.insert(owners.of(owner));
    }
  }
  return subjects;
}

void require_subject(bool known) {
  if (known) return;
  throw Error(Code::kBadArgument,
              "--same-patient only: expected a query that says whose it is: an image, item, "
              "series or study of a known patient");
}

/// What the only thing of the archive that is asked for is; null: there is none, or there are several.
const ItemFacts* only_facts(std::span<const QueryPart> parts) {
  const ItemFacts* only = nullptr;
  for (const QueryPart& part : parts) {
    if (part.weight <= 0) continue;
    if (only != nullptr || !part.facts) return nullptr;
    only = &*part.facts;
  }
  return only;
}

void compare_tags(const ItemFacts& asked, Found& found) {
  constexpr std::array<std::pair<std::string_view, std::string ItemFacts::*>, 4> kTags{
      {{"modality", &ItemFacts::modality},
       {"body_part", &ItemFacts::body_part},
       {"site", &ItemFacts::site},
       {"station", &ItemFacts::station}}};
  for (const auto& [name, tag] : kTags) {
    if ((asked.*tag).empty() || (found.item.*tag).empty()) continue;
    (asked.*tag == found.item.*tag ? found.agrees : found.differs).push_back(name);
  }
}

/// The page that was asked for, of all that was found.
void take_page(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
               std::span<const scan::Hit> hits, SearchAnswer& answer) {
  const Background background(archive.catalog());
  const Nature nature = nature_of(parts);
  const ItemFacts* const asked = only_facts(parts);
  for (const scan::Hit& hit : hits) {
    const std::optional<After>& last = options.after;
    if (last && (hit.score > last->score || (hit.score == last->score && hit.row <= last->row))) continue;
    if (answer.found.size() == options.k) {
      answer.more = true;
      return;
    }
    ItemFacts item = archive.item(hit.row);
    static_cast<void>(archive.row(hit.row, item.crc));
    answer.found.push_back({hit.score, background.judge(nature, hit.score), std::move(item)});
    if (asked != nullptr) compare_tags(*asked, answer.found.back());
  }
}

}  // namespace

SearchAnswer search(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
                    base::ThreadPool& pool) {
  std::vector<scan::Part> vectors;
  for (const QueryPart& part : parts) vectors.push_back({part.vector, part.weight});
  scan::Query query;
  query.vector = scan::combine(vectors);
  query.k = options.k + options.shown + (options.paged ? 1 : 0);
  if (options.at > archive.sequence()) {
    throw Error(Code::kBadArgument, "search: expected the number of a snapshot that there was, got a later one");
  }
  Numbers owners;
  const std::set<std::uint32_t> subjects = subjects_of(parts, owners);
  const bool only = options.same_patient == SamePatient::kOnly;
  require_subject(!only || !subjects.empty());
  SearchAnswer answer;
  answer.snapshot = options.at > 0 ? options.at : archive.sequence();
  const Rows rows = read_rows(archive, options, only ? &subjects : nullptr, std::move(owners));
  // Whether somebody is among the rows that may not be seen must not show either.
  require_subject(!only || !options.visible || rows.has_subject);
  answer.excluded = rows.excluded;
  if (archive.segments().rows() == 0) {
    answer.exact = true;
    return answer;
  }
  if (options.same_patient == SamePatient::kExclude) query.excluded_owners.assign(subjects.begin(), subjects.end());
  scan::Scope scope;
  scope.rows = static_cast<std::size_t>(archive.segments().rows());
  scope.allowed = &rows.allowed;
  scope.deleted = &rows.deleted;
  scope.groups = rows.groups;
  scope.owners = rows.owners;
  const scan::Scan& engine = archive.scan(pool, options.on_progress);
  const scan::Answer found = engine.search(std::span(&query, 1), scope, pool, options.stop).front();
  archive.segments().check();
  answer.exact = found.exact;
  answer.searched = found.counts.searched;
  answer.excluded.same_patient = found.counts.excluded_owner;
  answer.crowded_patient = options.same_patient == SamePatient::kExclude && !options.visible &&
                           answer.excluded.same_patient > 0 && is_crowded(archive, parts);
  take_page(archive, parts, options, found.hits, answer);
  return answer;
}

}  // namespace mi2::archive
