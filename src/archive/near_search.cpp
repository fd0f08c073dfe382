#include "archive/near_search.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "archive/near_rows.hpp"
#include "archive/packed.hpp"
#include "archive/parameters.hpp"
#include "archive/scan/scan.hpp"
#include "archive/search_parts.hpp"

namespace mi2::archive {
namespace {

using postgres::Parameter;
using postgres::Type;

/// Half precision may change the order of near ones: so many groups more than are asked for are compared, and of each
/// the first few.
constexpr std::size_t kMoreGroups = 16;
constexpr std::size_t kOfGroup = 4;
/// Candidates that the index is asked for at first, and at most.
constexpr std::size_t kFewestCandidates = 64;
constexpr std::size_t kMostCandidates = 65'536;

/// Whether a row is of one of these owners.
std::string is_of(const std::vector<Named>& owners) {
  std::map<Level, std::vector<std::uint64_t>> ids;
  for (const Named& owner : owners) ids[owner.level].push_back(owner.id);
  std::string sql = "FALSE";
  const auto any_of = [&](Level level, std::string_view unknown, std::string_view column) {
    if (!ids.contains(level)) return;
    sql += fmt::format(" OR ({}{} IN ({}))", unknown, column, fmt::join(ids.at(level), ", "));
  };
  any_of(Level::kPatient, "", near::kPatient);
  any_of(Level::kStudy, "patient.id IS NULL AND ", "series.study");
  any_of(Level::kInstance, "patient.id IS NULL AND series.study IS NULL AND ", "item.instance");
  return fmt::format("coalesce({}, FALSE)", sql);
}

/// Whose rows count alone, or do not.
struct Owners {
  std::vector<Named> own;
  std::vector<Id> linked;
};

Owners owners_of(SharedDatabase& database, std::span<const QueryPart> parts, SamePatient same) {
  Owners found;
  std::set<Id> patients;
  for (const QueryPart& part : parts) {
    for (const Subject& who : part.subjects) {
      const Named owner = owner_of(who.patient, who.study, who.instance);
      if (owner.id != 0) found.own.push_back(owner);
      if (who.patient != 0) patients.insert(who.patient);
    }
  }
  if (same != SamePatient::kExclude) return found;
  const std::set<Id> linked = near::linked_with(database, patients);
  found.linked.assign(linked.begin(), linked.end());
  return found;
}

/// The nearest groups, as far as the index knows them.
struct Candidates {
  std::vector<std::vector<std::uint64_t>> groups;  ///< the first rows of each
  std::size_t rows = 0;                            ///< of all
};

Candidates grouped(const postgres::Result& rows, const SearchOptions& options) {
  Candidates found;
  Numbers numbers;
  for (int row = 0; row < rows.rows(); ++row) {
    RowFacts facts;
    facts.row = static_cast<std::uint64_t>(rows.integer(row, 0));
    facts.instance = near::id_at(rows, row, 1);
    facts.series = near::id_at(rows, row, 2);
    facts.study = near::id_at(rows, row, 3);
    facts.patient = near::id_at(rows, row, 4);
    facts.tile = rows.integer(row, 5) != 0;
    facts.picture = static_cast<std::uint64_t>(rows.integer(row, 6));
    const std::size_t group = numbers.of(group_of(facts, options.by));
    if (group == found.groups.size()) found.groups.emplace_back();
    if (found.groups[group].size() < kOfGroup) found.groups[group].push_back(facts.row);
  }
  found.rows = static_cast<std::size_t>(rows.rows());
  return found;
}

/// The statement of a search but for its limit.
std::string select_of(const NearTable& table, const SearchOptions& options, const Owners& owners,
                      std::vector<Parameter>& parameters) {
  std::string sql = fmt::format(
      "SELECT near.item, item.instance, item.series, series.study, {},"
      " (EXISTS (SELECT 1 FROM tile WHERE tile.item = near.item))::int::bigint,"
      " coalesce((SELECT voi.picture FROM voi WHERE voi.item = near.item), near.item)"
      " FROM near JOIN item ON item.id = near.item{} WHERE item.kind {} AND item.deleted_seq IS NULL",
      near::kPatient, near::kJoins, options.match == Match::kMean ? "= 'series'" : "IS NULL");
  if (options.where) sql += " AND " + near::condition_of(*options.where, parameters);
  std::vector<Named> out = owners.own;
  for (const Id patient : owners.linked) out.push_back(owner_of(patient, 0, 0));
  if (options.same_patient == SamePatient::kOnly) sql += " AND " + is_of(owners.own);
  if (options.same_patient == SamePatient::kExclude && !out.empty()) sql += " AND NOT " + is_of(out);
  return sql + fmt::format(" ORDER BY near.at {} {} LIMIT ", table.order(), table.vector_of(1));
}

/// Asks for more until there are enough groups, or no more rows.
Candidates candidates_of(SharedDatabase& database, const NearTable& table, std::span<const float> direction,
                         const SearchOptions& options, const Owners& owners) {
  std::vector<Parameter> parameters{NearTable::parameter(direction)};
  const std::string select = select_of(table, options, owners, parameters);
  const std::size_t enough = options.k + kMoreGroups;
  postgres::Connection& connection = database.connection();
  // What filters leave out, the index replaces by the next nearest.
  connection.execute("SET LOCAL hnsw.iterative_scan TO strict_order; SET LOCAL hnsw.max_scan_tuples TO 200000");
  for (std::size_t limit = std::clamp(4 * enough, kFewestCandidates, kMostCandidates);;
       limit = std::min(4 * limit, kMostCandidates)) {
    connection.execute(
        fmt::format("SET LOCAL hnsw.ef_search TO {}", std::clamp<std::size_t>(limit, 2 * kFewestCandidates, 1000)));
    Candidates found = grouped(connection.query(select + std::to_string(limit), parameters), options);
    if (found.groups.size() >= enough || found.rows < limit || limit == kMostCandidates) {
      if (found.groups.size() > enough) found.groups.resize(enough);
      return found;
    }
  }
}

struct Best {
  double score = 0;
  std::uint64_t row = 0;
};

/// By the vectors themselves: the best of each group, the best first.
std::vector<Best> ranked(SharedDatabase& database, std::span<const float> direction, const Candidates& candidates,
                         std::size_t k) {
  std::vector<Best> best;
  const std::span<const std::vector<std::uint64_t>> all = candidates.groups;
  constexpr std::size_t kGroups = near::kAtOnce / kOfGroup;
  for (std::size_t at = 0; at < all.size(); at += kGroups) {
    const auto groups = all.subspan(at, std::min(kGroups, all.size() - at));
    std::vector<std::uint64_t> rows;
    for (const std::vector<std::uint64_t>& group : groups) rows.insert(rows.end(), group.begin(), group.end());
    const auto vectors = near::vectors_of(database, direction.size(), rows);
    for (const std::vector<std::uint64_t>& group : groups) {
      Best& own = best.emplace_back(Best{-2, 0});
      for (const std::uint64_t row : group) {
        const double score = scan::inner_product(direction, vectors.at(row));
        if (score > own.score || (score == own.score && row < own.row)) own = {score, row};
      }
    }
  }
  std::sort(best.begin(), best.end(),
            [](const Best& a, const Best& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; });
  if (best.size() > k) best.resize(k);
  return best;
}

SharedHead head_of(SharedDatabase& database) {
  if (database.exists()) return database.head(false);
  throw Error(Code::kNotFound, fmt::format("{}: no archive in this schema", database.name()));
}

ItemFacts item_of(SharedDatabase& database, std::uint64_t row) {
  const auto items = near::items_of(database, std::span(&row, 1));
  const auto found = items.find(row);
  if (found == items.end()) throw Error(Code::kNotFound, fmt::format("{}: no item {}", database.name(), row));
  return found->second;
}

QueryPart mean_part(SharedDatabase& database, std::size_t dimensions, std::string_view column, const std::string& uid) {
  const postgres::Result rows = database.connection().query(
      fmt::format("SELECT item.id, {}, study.id FROM item JOIN series ON series.id = item.series"
                  " JOIN study ON study.id = series.study LEFT JOIN patient ON patient.id = study.patient"
                  " WHERE item.kind = 'series' AND item.deleted_seq IS NULL AND {}.uid = $1 ORDER BY item.id",
                  near::kPatient, column),
      {text_parameter(uid)});
  if (rows.rows() == 0) {
    throw Error(Code::kNotFound, fmt::format("{}: no {} of this identifier", database.name(), column));
  }
  QueryPart part;
  part.nature = Nature::kImage;
  std::vector<std::uint64_t> numbers;
  for (int row = 0; row < rows.rows(); ++row) {
    numbers.push_back(static_cast<std::uint64_t>(rows.integer(row, 0)));
    part.subjects.push_back({near::id_at(rows, row, 1), rows.integer(row, 2), 0});
  }
  const auto vectors = near::vectors_of(database, dimensions, numbers);
  std::vector<scan::Part> summed;
  for (const std::uint64_t row : numbers) summed.push_back({vectors.at(row), 1.0});
  part.vector = scan::combine(summed);
  if (numbers.size() == 1) part.facts = item_of(database, numbers.front());
  part.origin.uid = uid;
  return part;
}

QueryPart item_part(SharedDatabase& database, std::size_t dimensions, std::uint64_t row) {
  QueryPart part;
  part.nature = Nature::kImage;
  part.facts = item_of(database, row);
  part.vector = near::vectors_of(database, dimensions, std::span(&row, 1)).at(row);
  part.subjects.push_back({part.facts->patient, part.facts->study, part.facts->instance});
  return part;
}

}  // namespace

NearArchive::NearArchive(const std::string& url)
    : database_(postgres::parse_place(url)),
      head_(head_of(database_)),
      format_(parse_format(head_.json, database_.name())),
      table_(NearTable::find(database_)),
      snapshot_(database_.connection(), postgres::Transaction::Kind::kSnapshot) {
  database_.require_format(head_);
  if (table_) return;
  throw Error(
      Code::kUnsupported,
      fmt::format("{}: expected an index of pgvector; 'mi2 index share URL --pgvector' makes one", database_.name()));
}

std::vector<QueryPart> NearArchive::stored_parts(const StoredQuery& query) {
  std::vector<QueryPart> parts;
  for (const std::uint64_t row : query.items) parts.push_back(item_part(database_, format_.dimensions, row));
  for (const std::string& uid : query.studies) {
    parts.push_back(mean_part(database_, format_.dimensions, "study", uid));
  }
  for (const std::string& uid : query.series) {
    parts.push_back(mean_part(database_, format_.dimensions, "series", uid));
  }
  return parts;
}

void NearArchive::add_made(std::vector<MadePart> made, std::vector<QueryPart>& parts) {
  postgres::Connection& connection = database_.connection();
  for (MadePart& one : made) {
    if (!one.names.patient_key.empty()) {
      const postgres::Result row = connection.query("SELECT coalesce(alias_of, id) FROM patient WHERE key = $1",
                                                    {{Type::kBytes, bytes_of_hex(one.names.patient_key)}});
      if (row.rows() > 0) one.part.subjects.push_back({row.integer(0, 0), 0, 0});
    }
    if (!one.names.sop_uid.empty()) {
      const postgres::Result row =
          connection.query(fmt::format("SELECT {}, series.study, instance.id FROM instance"
                                       " LEFT JOIN series ON series.id = instance.series"
                                       " LEFT JOIN study ON study.id = series.study"
                                       " LEFT JOIN patient ON patient.id = study.patient"
                                       " WHERE instance.sop_uid = $1 AND instance.deleted_seq IS NULL",
                                       near::kPatient),
                           {{Type::kBytes, packed_uid(one.names.sop_uid)}});
      if (row.rows() > 0)
        one.part.subjects.push_back({near::id_at(row, 0, 0), near::id_at(row, 0, 1), row.integer(0, 2)});
    }
    parts.push_back(std::move(one.part));
  }
}

SearchAnswer NearArchive::search(std::span<const QueryPart> parts, const SearchOptions& options) {
  require_asked(parts);
  const std::vector<float> direction = direction_of(parts);
  if (direction.size() != format_.dimensions) {
    throw Error(Code::kBadArgument,
                fmt::format("search: expected vectors of {} numbers, got {}", format_.dimensions, direction.size()));
  }
  const Owners owners = owners_of(database_, parts, options.same_patient);
  require_subject(options.same_patient != SamePatient::kOnly || !owners.own.empty());
  SearchAnswer answer;
  answer.snapshot = database_.connection().query("SELECT coalesce(max(seq), 0)::bigint FROM change").integer(0, 0);
  answer.linked = owners.linked;
  const Candidates candidates = candidates_of(database_, *table_, direction, options, owners);
  answer.searched = candidates.rows;
  const std::vector<Best> best = ranked(database_, direction, candidates, options.k);
  std::vector<std::uint64_t> rows;
  for (const Best& one : best) rows.push_back(one.row);
  const auto items = near::items_of(database_, rows);
  const Background background([&](std::string_view kind) { return near::background_of(database_, kind); });
  const Nature nature = nature_of(parts);
  const ItemFacts* const asked = only_facts(parts);
  answer.min_score = least_score(options, background, nature);
  for (const Best& one : best) {
    if (answer.min_score && one.score < answer.min_score->score) {
      ++answer.excluded.score;
      continue;
    }
    const auto item = items.find(one.row);
    if (item == items.end())
      throw Error(Code::kBadFile, fmt::format("{}: row {}: it is no item", database_.name(), one.row));
    answer.found.push_back({one.score, background.judge(nature, one.score), item->second});
    if (asked != nullptr) compare_tags(*asked, answer.found.back());
  }
  return answer;
}

}  // namespace mi2::archive
