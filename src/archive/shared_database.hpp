#pragma once
// A shared archive as PostgreSQL has it: the catalog's tables, its vectors and thumbnails, and one row that says how
// far it has come. docs/archive-shared.md describes the tables.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/catalog_tables.hpp"
#include "archive/format.hpp"
#include "archive/postgres/connection.hpp"

namespace mi2::archive {

/// How far a shared archive has come.
struct SharedHead {
  std::string id;          ///< Format::id
  std::string key;         ///< by which identifiers become pseudonyms
  std::string json;        ///< archive.json
  std::int64_t floor = 0;  ///< of older replicas every row of the catalog is read again: there was an erasure since
  ReplicaMark at;
};

/// A value of a column of bytes.
postgres::Value bytes_value(std::span<const std::byte> bytes);

/// The tables that a catalog has not, [item, bytes].
const CatalogTable& vector_table();
const CatalogTable& thumb_table();

/// Bytes of the texts of one row of the catalog: a list of sources is as long as a command line. More is damage.
inline constexpr std::size_t kMostRowBytes = 2U << 20;

class SharedDatabase {
 public:
  /// @throws as postgres::Connection.
  explicit SharedDatabase(postgres::Place place, std::chrono::seconds patience = postgres::kConnectPatience)
      : connection_(std::move(place), patience) {}

  [[nodiscard]] postgres::Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const std::string& name() const noexcept { return connection_.place().name; }

  /// Whether the schema has an archive.
  [[nodiscard]] bool exists();
  /// Makes the tables, without rows, inside of a transaction, which keeps out who wants the same.
  /// @returns false if there is an archive meanwhile. @throws Error{kBadArgument} without the right to.
  bool create(const Format& format, const std::string& key);
  /// @param lock  inside of a transaction that writes: no other one gets it until that ends.
  /// @throws Error{kBadFile} for tables of something else; {kUnsupported} for those of another version.
  [[nodiscard]] SharedHead head(bool lock);
  /// @throws Error{kUnsupported} for a catalog of another format, as another version of mi2 makes it.
  void require_format(const SharedHead& head);
  /// Whether a state was one of this database, and not of a copy that went its own way.
  [[nodiscard]] bool has(const ReplicaMark& mark);
  /// Inside of the transaction that has the lock: a state is reached. @returns it.
  ReplicaMark advance(const SharedHead& head, bool erased);
  /// The channel on which advance() is heard of. @param id  Format::id, of a file that was checked.
  [[nodiscard]] static std::string channel(const std::string& id) { return "mi2_" + id; }

  /// Calls `use` with each row of a query, of which a part is in memory at a time. Inside of a transaction.
  void each(const std::string& select, int at_once, const std::function<void(const postgres::Result&, int row)>& use);

 private:
  postgres::Connection connection_;
};

/// Rows of a table that are written many at a time, in place of those with the same keys.
class RowBatch {
 public:
  /// @param seq  the state that they belong to. All outlive it.
  RowBatch(postgres::Connection& connection, const CatalogTable& table, std::int64_t seq)
      : connection_(connection), table_(table), seq_(seq) {}
  /// @throws as Connection::query(); Error{kBadArgument} for a text that is not UTF-8; {kTooLarge} for a row with more
  ///         than kMostRowBytes of texts, which no replica would take.
  void add(std::span<const postgres::Value> row);
  /// After the last row. @throws as add().
  void flush();

 private:
  postgres::Connection& connection_;
  const CatalogTable& table_;
  std::int64_t seq_;
  std::vector<postgres::Parameter> parameters_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

/// Rows of a table that go, many at a time: others wait for it.
class GoneBatch {
 public:
  /// @param noted  whether table 'gone' has their keys from now on, for replicas. All outlive it.
  GoneBatch(postgres::Connection& connection, const CatalogTable& table, std::int64_t seq, bool noted)
      : connection_(connection), table_(table), seq_(seq), noted_(noted) {}
  /// @throws as Connection::query().
  void add(std::span<const postgres::Value> key);
  /// After the last row. @throws as add().
  void flush();

 private:
  postgres::Connection& connection_;
  const CatalogTable& table_;
  std::int64_t seq_;
  bool noted_;
  std::vector<postgres::Parameter> keys_;
  std::vector<postgres::Parameter> notes_;
};

}  // namespace mi2::archive
