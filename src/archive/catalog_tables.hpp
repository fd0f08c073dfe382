#pragma once
// The catalog as plain tables, for who carries its rows to another database and back.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/postgres/value.hpp"

namespace mi2::archive {

struct CatalogColumn {
  std::string name;
  postgres::Type type = postgres::Type::kText;
  bool required = false;
};

struct CatalogTable {
  std::string name;
  std::vector<CatalogColumn> columns;
  std::vector<std::size_t> key;  ///< columns of the primary key, one or two
};

/// A state that a replica has reached.
struct ReplicaMark {
  std::int64_t seq = 0;  ///< 0: it has nothing yet
  std::string mark;      ///< of the commit that made it so
};

/// Values are as their columns lie. All but watch() and trust_references() run inside of a transaction of the catalog.
class CatalogTables {
 public:
  /// @param catalog  outlives it.
  explicit CatalogTables(Catalog& catalog);

  /// All that have the same rows wherever the archive is: without thumbnails' places. As this version makes them,
  /// whatever else is in a file: their names become part of statements.
  [[nodiscard]] static const std::vector<CatalogTable>& tables();
  /// Statements, in SQL that both databases understand, of indexes without duplicates.
  [[nodiscard]] static const std::vector<std::string>& unique_indexes();

  /// From now on this connection notes the key of each row that it changes; changes that are undone are forgotten.
  void watch();
  /// Rows whose keys were noted, and all rows.
  void each_changed(const CatalogTable& table, const std::function<void(std::span<const postgres::Value>)>& use);
  void each(const CatalogTable& table, const std::function<void(std::span<const postgres::Value>)>& use);
  /// Noted keys without a row.
  void each_gone(const CatalogTable& table, const std::function<void(std::span<const postgres::Value>)>& use);
  /// Rows whose thumbnails came, or went.
  [[nodiscard]] std::vector<std::uint64_t> changed_thumbs();
  [[nodiscard]] std::optional<Thumb> thumb(std::uint64_t row);
  void forget_changes();

  /// From now on this connection takes rows in any order: what they refer to was checked where they were made. Outside
  /// of a transaction.
  void trust_references();
  /// In place of the row with the same key.
  void put(const CatalogTable& table, std::span<const postgres::Value> row);
  void remove(const CatalogTable& table, std::span<const postgres::Value> key);
  void clear(const CatalogTable& table);
  void put_thumb(const Thumb& thumb);

  /// Nothing in an archive that is no replica.
  [[nodiscard]] std::optional<ReplicaMark> mark();
  void set_mark(const ReplicaMark& mark);

 private:
  void each_of(const std::string& sql, const CatalogTable& table, bool keys,
               const std::function<void(std::span<const postgres::Value>)>& use);

  Catalog::Impl& impl_;
};

/// Where the fields of filters are, of `item` joined with instance, series, study and patient.
std::span<const filter::Column> catalog_columns();

/// The names of a table's columns, or of its key's, between quotes and commas. @param before  each, such as "t.".
std::string column_list(const CatalogTable& table, bool key, std::string_view before = {});

}  // namespace mi2::archive
