#include "archive/replica.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/map_file.hpp"
#include "archive/scan/codes.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;
using postgres::Type;
using postgres::Value;

constexpr std::uint64_t kMaxReplicaBytes = 1U << 16;
/// So that of rows as large as they may be one answer is half a gigabyte.
constexpr int kRowsAtOnce = 256;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void require_own(const fs::path& folder) {
  std::error_code error;
  const fs::path where = fs::canonical(folder, error).parent_path();
  if (!error && fs::equivalent(where, replica_root(), error)) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: a replica of a shared archive outside of the folder of replicas (MI2_ARCHIVE_CACHE) is "
                          "only read; expected the URL of its database, or a copy made by 'mi2 index backup'",
                          folder.string()));
}

std::string where_after(std::int64_t seq) { return fmt::format("shared_seq > {}", seq); }

/// A query for the rows of a table, and as the last column how many bytes of texts each has; of too many it has none.
std::string rows_after(const CatalogTable& table, std::int64_t seq) {
  std::string columns, bytes = "0::bigint";
  for (const CatalogColumn& column : table.columns) {
    const bool text = column.type == Type::kText || column.type == Type::kBytes;
    if (text) bytes += fmt::format(" + coalesce(octet_length(\"{}\"), 0)", column.name);
    columns += text ? fmt::format("CASE WHEN t.shared_bytes <= {} THEN t.\"{}\" END, ", kMostRowBytes, column.name)
                    : fmt::format("t.\"{}\", ", column.name);
  }
  return fmt::format(
      "SELECT {}t.shared_bytes FROM (SELECT *, {} AS shared_bytes FROM \"{}\" WHERE {}) AS t ORDER BY {}", columns,
      bytes, table.name, where_after(seq), column_list(table, true, "t."));
}

/// The key of a row that went, which the database has as texts.
Value key_value(const postgres::Result& row, int number, int column, Type type) {
  const std::string_view text = row.bytes(number, column);
  if (type != Type::kInteger) return std::string(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Error(Code::kBadFile, "shared archive: expected a number as a key in table 'gone'");
  }
  return value;
}

class Pulling {
 public:
  Pulling(SharedDatabase& database, const SharedHead& head, const fs::path& folder, const base::OnProgress& on_progress)
      : database_(database),
        head_(head),
        folder_(folder),
        on_progress_(on_progress),
        format_(read_format(folder)),
        catalog_(folder, Catalog::Access::kWrite),
        tables_(catalog_) {}

  /// @returns whether something was erased.
  bool run() {
    const std::optional<ReplicaMark> mine = tables_.mark();
    if (head_.id != format_.id || !mine) {
      throw Error(Code::kBadFile, fmt::format("{}: expected the archive {}, got {}", database_.name(), format_.id,
                                              base::printable(head_.id).substr(0, 32)));
    }
    if (mine->seq == head_.at.seq && mine->mark == head_.at.mark) return false;
    if (mine->seq > 0 && !database_.has(*mine)) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: the database is older than this replica of it, or went another way: it was put back "
                              "from a copy? Delete {}; it is made again",
                              database_.name(), folder_.string()));
    }
    from_ = mine->seq;
    anew_ = from_ > 0 && from_ < head_.floor;
    first_ = catalog_.rows();
    take_vectors();
    take_thumbs();
    take_rows();
    return anew_;
  }

 private:
  void tell(std::uint64_t done, std::uint64_t total) const {
    if (on_progress_) on_progress_({"fetching", done, total});
  }

  /// Nobody sees those that are new before the catalog knows them.
  void take_vectors() {
    segments_.emplace(folder_, format_, first_);
    const std::uint64_t total = static_cast<std::uint64_t>(
        database_.connection().query("SELECT count(*) FROM vector WHERE " + where_after(from_)).integer(0, 0));
    std::uint64_t done = 0;
    database_.each(vectors_after(from_, format_.dimensions), kVectorsAtOnce,
                   [&](const postgres::Result& rows, int row) {
                     if (done++ % kVectorsAtOnce == 0) tell(done, total);
                     take_vector(rows, row);
                   });
    rows_ = segments_->next();
    segments_->sync();
  }

  void take_vector(const postgres::Result& rows, int row) {
    const auto item = static_cast<std::uint64_t>(rows.integer(row, 0));
    const std::int64_t crc = rows.is_null(row, 2) ? -1 : rows.integer(row, 2);
    const std::string_view bytes = rows.bytes(row, 1);
    const std::string_view problem = vector_problem(bytes, format_.dimensions, crc);
    if (!problem.empty()) damaged(item, problem);
    if (item > segments_->next()) damaged(segments_->next(), "it is missing");
    if (item < segments_->next()) {
      // Nothing else than erasing changes one: codes that were made of it are not made again.
      if (!anew_ || rows.bytes(row, 3) != "erased") damaged(item, "its vector is another one than it was");
      return;
    }
    std::vector<float> numbers(format_.dimensions);
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    segments_->append(numbers);
  }

  void take_thumbs() {
    thumbs_.emplace(folder_, format_, catalog_);
    database_.each(thumbs_after(from_), kThumbsAtOnce, [&](const postgres::Result& rows, int row) {
      const auto item = static_cast<std::uint64_t>(rows.integer(row, 0));
      const auto raw = std::as_bytes(std::span(rows.bytes(row, 1)));
      if (rows.is_null(row, 1) || static_cast<std::int64_t>(base::crc32c(raw)) != rows.integer(row, 2)) {
        damaged(item, "its thumbnail is not the one that was written");
      }
      // One in place of another would leave that in the pack.
      if (item < first_ || item >= rows_) damaged(item, "it has a thumbnail, and is no row that is new");
      if (new_thumbs_.size() % kThumbsAtOnce == 0) tell(item, rows_);
      new_thumbs_.push_back(thumbs_->append(item, raw));
    });
    thumbs_->sync();
  }

  void take_rows() {
    tables_.trust_references();
    Catalog::Transaction all(catalog_, true);
    for (const CatalogTable& table : CatalogTables::tables()) {
      if (anew_) {
        tables_.clear(table);
      } else {
        take_gone(table);
      }
    }
    for (const CatalogTable& table : CatalogTables::tables()) take_table(table);
    for (const Thumb& thumb : new_thumbs_) tables_.put_thumb(thumb);
    if (catalog_.rows() != rows_ || catalog_.entries() != rows_) {
      throw Error(Code::kBadFile, fmt::format("{}: expected {} vectors for the rows of table 'item', got {}",
                                              database_.name(), catalog_.rows(), rows_));
    }
    if (head_.at.seq > 0 && catalog_.meta("id") != format_.id) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: expected the catalog of this archive, got that of another", database_.name()));
    }
    if (anew_) forget_erased();
    tables_.set_mark(head_.at);
    all.commit();
  }

  /// The last before the commit: all is checked by now, and until then readers have their rows.
  void forget_erased() {
    std::vector<std::uint64_t> erased;
    const std::string select = fmt::format("SELECT id FROM item WHERE kind = 'erased' AND id < {} AND {} ORDER BY id",
                                           first_, where_after(from_));
    database_.each(select, kRowsAtOnce, [&](const postgres::Result& found, int row) {
      erased.push_back(static_cast<std::uint64_t>(found.integer(row, 0)));
    });
    std::vector<Thumb> thumbs;
    catalog_.each_thumb([&](const Thumb& thumb) {
      if (std::binary_search(erased.begin(), erased.end(), thumb.row)) thumbs.push_back(thumb);
    });
    forget_in_maps(folder_, format_, erased);
    remove_codes(folder_, rows_);
    const std::vector<float> blank = erased_row(format_.dimensions);
    for (const std::uint64_t row : erased) segments_->overwrite(row, blank);
    segments_->sync();
    thumbs_->erase(thumbs);
    for (const Thumb& thumb : thumbs) catalog_.drop_thumb(thumb.row);
    catalog_.note_scrub(Catalog::Scrub::kAll);
  }

  void take_gone(const CatalogTable& table) {
    const std::string select = fmt::format("SELECT left(k0, {0}), left(k1, {0}) FROM gone WHERE name = '{1}' AND {2}",
                                           kMostRowBytes, table.name, where_after(from_));
    database_.each(select, kRowsAtOnce, [&](const postgres::Result& rows, int row) {
      std::vector<Value> key;
      for (std::size_t i = 0; i < table.key.size(); ++i) {
        key.push_back(key_value(rows, row, static_cast<int>(i), table.columns[table.key[i]].type));
      }
      tables_.remove(table, key);
    });
  }

  void take_table(const CatalogTable& table) {
    const int bytes = static_cast<int>(table.columns.size());
    std::vector<Value> values(table.columns.size());
    std::uint64_t done = 0;
    database_.each(rows_after(table, anew_ ? 0 : from_), kRowsAtOnce, [&](const postgres::Result& rows, int row) {
      if (done++ % kRowsAtOnce == 0) tell(done, 0);
      if (rows.integer(row, bytes) > static_cast<std::int64_t>(kMostRowBytes)) {
        throw Error(Code::kBadFile, fmt::format("{}: expected at most {} bytes of texts in a row of table '{}', got {}",
                                                database_.name(), kMostRowBytes, table.name, rows.integer(row, bytes)));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = rows.value(row, static_cast<int>(i), table.columns[i].type);
      }
      tables_.put(table, values);
    });
  }

  [[noreturn]] void damaged(std::uint64_t row, std::string_view problem) const {
    throw Error(Code::kBadFile,
                fmt::format("{}: row {}: {}; 'mi2 index verify --deep' finds all", database_.name(), row, problem));
  }

  SharedDatabase& database_;
  const SharedHead& head_;
  const fs::path& folder_;
  const base::OnProgress& on_progress_;
  Format format_;
  Catalog catalog_;
  CatalogTables tables_;
  std::optional<SegmentWriter> segments_;
  std::optional<ThumbWriter> thumbs_;
  std::int64_t from_ = 0;
  bool anew_ = false;        ///< all rows of the catalog
  std::uint64_t first_ = 0;  ///< row that is new
  std::uint64_t rows_ = 0;
  std::vector<Thumb> new_thumbs_;  ///< in their places here
};

}  // namespace

fs::path replica_root() {
  if (std::string own = environment("MI2_ARCHIVE_CACHE"); !own.empty()) return own;
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "mi2" / "archives";
  if (const std::string home = environment("HOME"); !home.empty())
    return fs::path(home) / ".cache" / "mi2" / "archives";
  throw Error(Code::kBadArgument,
              "a replica of a shared archive needs a folder: expected MI2_ARCHIVE_CACHE, XDG_CACHE_HOME or HOME");
}

bool is_replica(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(replica_file(folder), ignored);
}

std::string replica_json(const std::string& url) { return nlohmann::json{{"url", url}}.dump() + '\n'; }

postgres::Place place_of(const fs::path& folder) {
  require_own(folder);
  const std::string name = replica_file(folder).string();
  const nlohmann::json json = base::parse_json(base::read_text_file(replica_file(folder), kMaxReplicaBytes),
                                               {.name = name, .fault = Code::kBadFile});
  if (!json.is_object() || !json.contains("url") || !json["url"].is_string()) {
    throw Error(Code::kBadFile, fmt::format("{}: expected an object with a text 'url'", name));
  }
  return postgres::parse_place(json["url"].get<std::string>());
}

std::string_view vector_problem(std::string_view bytes, std::size_t dimensions, std::int64_t crc) {
  if (bytes.size() != dimensions * sizeof(float)) return "its vector is missing or of another size";
  if (static_cast<std::int64_t>(base::crc32c(std::as_bytes(std::span(bytes)))) != crc) return "its checksum is another";
  std::vector<float> numbers(dimensions);
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  double square = 0;
  for (const float number : numbers) square += static_cast<double>(number) * static_cast<double>(number);
  // Not a number fails the comparison too.
  return std::abs(std::sqrt(square) - 1) <= scan::kUnitTolerance ? "" : "it is no unit vector";
}

std::string vectors_after(std::int64_t seq, std::size_t dimensions) {
  return fmt::format(
      "SELECT v.item, CASE WHEN octet_length(v.f32) = {} THEN v.f32 END, i.crc32c,"
      " CASE WHEN i.id IS NOT NULL THEN coalesce(i.kind, 'frame') END FROM vector AS v"
      " LEFT JOIN item AS i ON i.id = v.item WHERE v.{} ORDER BY v.item",
      dimensions * sizeof(float), where_after(seq));
}

std::string thumbs_after(std::int64_t seq) {
  return fmt::format(
      "SELECT item, CASE WHEN octet_length(webp) <= {} THEN webp END, crc32c FROM thumb WHERE {} ORDER BY item",
      kMaxThumbBytes, where_after(seq));
}

bool pull(SharedDatabase& database, const SharedHead& head, const fs::path& folder,
          const base::OnProgress& on_progress) {
  database.require_format(head);  // before the replica becomes what an older version cannot read
  return Pulling(database, head, folder, on_progress).run();
}

void scrub_replica(const fs::path& folder) {
  Catalog catalog(folder, Catalog::Access::kWrite);
  const Catalog::Scrub due = catalog.scrub_due();
  if (due == Catalog::Scrub::kNone) return;
  if (due == Catalog::Scrub::kAll) {
    catalog.vacuum();
    remove_codes(folder, catalog.rows());  // a search that began before may have made them of the old rows meanwhile
    catalog.note_scrub(Catalog::Scrub::kLog);
  }
  if (catalog.empty_log(false)) catalog.note_scrub(Catalog::Scrub::kNone);
}

void follow(SharedDatabase& database, const fs::path& folder, const base::OnProgress& on_progress,
            std::chrono::milliseconds patience) {
  const WriterLock lock(folder, patience);
  {
    const postgres::Transaction snapshot(database.connection(), postgres::Transaction::Kind::kSnapshot);
    static_cast<void>(pull(database, database.head(false), folder, on_progress));
  }
  scrub_replica(folder);
}

}  // namespace mi2::archive
