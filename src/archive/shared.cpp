#include "archive/shared.hpp"

#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/catalog_tables.hpp"
#include "archive/near_table.hpp"
#include "archive/replica.hpp"
#include "archive/shared_database.hpp"
#include "archive/thumbs.hpp"
#include "base/hash.hpp"
#include "base/partial.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;
using postgres::Value;
using Kind = postgres::Transaction::Kind;

constexpr std::uint64_t kReportRows = 1024;

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
}

/// Only its owner may look into it: it has the archive's key.
void make_private_folder(const fs::path& folder) {
  make_folders(folder.parent_path());
  std::error_code error;
  fs::create_directory(folder, error);
  // Of one that was there too: a killed run may not have come this far. Of another user's it fails.
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
}

/// The replica's folder, which is made if it is not there.
fs::path replica_of(SharedDatabase& database, const SharedHead& head, const std::string& url) {
  const Format format = parse_format(head.json, database.name());
  if (format.id != head.id) {
    throw Error(Code::kBadFile, fmt::format("{}: table 'archive' is of two archives", database.name()));
  }
  // Another role or other parameters are another replica: a writer connects as its replica says.
  const postgres::Place& place = database.connection().place();
  const std::string what =
      fmt::format("{} {} {} {}", database.connection().server(), place.url, place.schema, format.id);
  const fs::path folder = replica_root() / base::sha256_hex(std::as_bytes(std::span(what))).substr(0, 32);
  make_private_folder(folder);
  require_local(folder);
  const WriterLock lock(folder, kReplicaPatience);
  if (!is_archive(folder)) make_archive(folder, format, head.key, replica_json(url));
  return folder;
}

/// What an archive has, on its way into a database.
class Sharing {
 public:
  Sharing(Writer& from, SharedDatabase& database, const base::OnProgress& on_progress)
      : from_(from), database_(database), on_progress_(on_progress), tables_(from.catalog()) {}

  void run(const SharedHead& head) {
    const std::int64_t seq = head.at.seq + 1;
    for (const CatalogTable& table : CatalogTables::tables()) {
      RowBatch batch(database_.connection(), table, seq);
      tables_.each(table, [&](std::span<const Value> row) { batch.add(row); });
      batch.flush();
    }
    put_vectors(seq);
    put_thumbs(seq);
    static_cast<void>(database_.advance(head, false));
  }

 private:
  void put_vectors(std::int64_t seq) {
    RowBatch batch(database_.connection(), vector_table(), seq);
    const std::uint64_t total = from_.catalog().rows();
    const std::vector<float> blank = erased_row(from_.format().dimensions);
    from_.catalog().each_row(nullptr, [&](const RowFacts& row) {
      // Where something was erased there may be nothing any more.
      const bool gone = row.kind == RowFacts::Kind::kGone;
      const std::vector<float> numbers = gone ? blank : from_.segments().read(row.row);
      Value bytes = bytes_value(std::as_bytes(std::span(numbers)));
      // What a replica would refuse, all would, for ever.
      const std::string_view problem =
          vector_problem(std::get<std::string>(bytes), numbers.size(), static_cast<std::int64_t>(row.crc));
      if (!problem.empty()) {
        throw Error(Code::kBadFile, fmt::format("{}: row {}: {}; 'mi2 index verify --deep' finds all",
                                                from_.folder().string(), row.row, problem));
      }
      batch.add(std::vector<Value>{static_cast<std::int64_t>(row.row), std::move(bytes)});
      if (on_progress_ && row.row % kReportRows == 0) on_progress_({"copying", row.row, total});
    });
    batch.flush();
  }

  void put_thumbs(std::int64_t seq) {
    RowBatch batch(database_.connection(), thumb_table(), seq);
    std::optional<Pack> pack;
    std::uint64_t segment = 0;
    from_.catalog().each_thumb([&](const Thumb& thumb) {
      if (!pack || segment != thumb.row / kSegmentRows) {
        segment = thumb.row / kSegmentRows;
        pack.emplace(from_.folder(), from_.format(), thumb.row);
      }
      const std::vector<std::byte> bytes = pack->read(thumb);
      batch.add(std::vector<Value>{static_cast<std::int64_t>(thumb.row), static_cast<std::int64_t>(thumb.crc),
                                   bytes_value(bytes)});
      if (on_progress_) on_progress_({"copying thumbnails", thumb.row, from_.catalog().rows()});
    });
    batch.flush();
  }

  Writer& from_;
  SharedDatabase& database_;
  const base::OnProgress& on_progress_;
  CatalogTables tables_;
};

/// @returns false if the schema has an archive already.
bool put_all(Writer& from, SharedDatabase& database, bool near, const base::OnProgress& on_progress) {
  const std::size_t dimensions = from.format().dimensions;
  if (near) NearTable::require(database, dimensions);  // before anything is copied
  postgres::Transaction all(database.connection(), Kind::kWrites);
  if (!database.create(from.format(), from.key())) return false;
  Sharing(from, database, on_progress).run(database.head(true));
  if (near) NearTable::make(database, dimensions, on_progress);
  all.commit();
  return true;
}

[[noreturn]] void throw_no_archive(const postgres::Place& place) {
  throw Error(Code::kNotFound,
              fmt::format("{}: no archive in schema '{}'; 'mi2 index add' makes one, 'mi2 index share' "
                          "copies one into it",
                          place.name, place.schema));
}

void say(VerifyReport& report, std::string problem) {
  if (report.problems.size() < kMostProblems) report.problems.push_back(std::move(problem));
}

/// The vectors and thumbnails that a new replica would get.
void verify_database(SharedDatabase& database, const Format& format, VerifyReport& report,
                     const base::OnProgress& on_progress) {
  const postgres::Transaction snapshot(database.connection(), Kind::kSnapshot);
  const std::uint64_t total = report.rows;
  std::uint64_t next = 0;
  database.each(vectors_after(0, format.dimensions), kVectorsAtOnce, [&](const postgres::Result& rows, int row) {
    const auto item = static_cast<std::uint64_t>(rows.integer(row, 0));
    if (item != next) say(report, fmt::format("{}: rows {} to {} are missing", database.name(), next, item - 1));
    next = item + 1;
    const std::int64_t crc = rows.is_null(row, 2) ? -1 : rows.integer(row, 2);
    const std::string_view problem = vector_problem(rows.bytes(row, 1), format.dimensions, crc);
    if (!problem.empty()) say(report, fmt::format("{}: row {}: {}", database.name(), item, problem));
    if (on_progress && next % kReportRows == 0) on_progress({"verifying the database", next, total});
  });
  const std::int64_t items = database.connection().query("SELECT count(*) FROM item").integer(0, 0);
  if (next != static_cast<std::uint64_t>(items)) {
    say(report, fmt::format("{}: expected vectors for {} rows of table 'item', got {}", database.name(), items, next));
  }
  if (NearTable::find(database)) {
    const postgres::Result rows = database.connection().query(
        "SELECT count(*) FILTER (WHERE n.item IS NULL), count(*) FILTER (WHERE i.id IS NULL) FROM near AS n"
        " FULL JOIN (SELECT id FROM item WHERE kind IS NULL OR kind = 'series') AS i ON i.id = n.item");
    if (rows.integer(0, 0) != 0 || rows.integer(0, 1) != 0) {
      say(report,
          fmt::format("{}: the index of pgvector lacks {} rows and has {} too many; DROP TABLE {}.near, and "
                      "'mi2 index share URL --pgvector' makes it again",
                      database.name(), rows.integer(0, 0), rows.integer(0, 1), database.connection().place().schema));
    }
  }
  database.each(thumbs_after(0), kThumbsAtOnce, [&](const postgres::Result& rows, int row) {
    const auto raw = std::as_bytes(std::span(rows.bytes(row, 1)));
    if (!rows.is_null(row, 1) && static_cast<std::int64_t>(base::crc32c(raw)) == rows.integer(row, 2)) return;
    say(report, fmt::format("{}: row {}: its thumbnail is not the one that was written", database.name(),
                            rows.integer(row, 0)));
  });
}

}  // namespace

std::optional<fs::path> find_shared(const std::string& url, const base::OnProgress& on_progress) {
  SharedDatabase database(postgres::parse_place(url));
  if (!database.exists()) return std::nullopt;
  fs::path folder = replica_of(database, database.head(false), url);
  follow(database, folder, on_progress);
  return folder;
}

std::optional<fs::path> find_archive(const std::string& archive, const base::OnProgress& on_progress) {
  if (postgres::is_url(archive)) return find_shared(archive, on_progress);
  return is_archive(archive) ? std::optional<fs::path>(archive) : std::nullopt;
}

fs::path local_folder(const std::string& archive, const base::OnProgress& on_progress) {
  if (!postgres::is_url(archive)) return archive;
  std::optional<fs::path> found = find_shared(archive, on_progress);
  if (found) return std::move(*found);
  throw_no_archive(postgres::parse_place(archive));
}

void create_shared(const std::string& url, std::size_t dimensions, const Space& space) {
  SharedDatabase database(postgres::parse_place(url));
  const fs::path root = replica_root();
  make_folders(root);
  // It has the key: what a killed run left goes with the next.
  const base::Partial scratch(root / "new", base::Partial::Kind::kFolder);
  Writer empty = Writer::create(scratch.path(), dimensions, space);
  static_cast<void>(put_all(empty, database, false, {}));
}

std::uint64_t share(const fs::path& folder, const std::string& url, bool near, const base::OnProgress& on_progress) {
  SharedDatabase database(postgres::parse_place(url));
  if (is_archive(folder) && is_replica(folder)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected an archive, got a replica of a shared one", folder.string()));
  }
  Writer from{folder};
  if (!put_all(from, database, near, on_progress)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: has an archive already; expected another schema", database.name()));
  }
  return from.catalog().rows();
}

void index_near(const std::string& url, const base::OnProgress& on_progress) {
  SharedDatabase database(postgres::parse_place(url));
  if (!database.exists()) throw_no_archive(database.connection().place());
  postgres::Transaction all(database.connection(), Kind::kWrites);
  const SharedHead head = database.head(true);
  NearTable::make(database, parse_format(head.json, database.name()).dimensions, on_progress);
  all.commit();
}

VerifyReport verify_shared(const std::string& url, bool deep, const base::OnProgress& on_progress) {
  const fs::path folder = local_folder(url, on_progress);
  VerifyReport report = verify(folder, deep, on_progress);
  if (!deep) return report;
  SharedDatabase database(postgres::parse_place(url));
  verify_database(database, read_format(folder), report, on_progress);
  return report;
}

}  // namespace mi2::archive
