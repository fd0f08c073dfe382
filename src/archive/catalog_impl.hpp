#pragma once
// What is behind a Catalog.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "archive/catalog.hpp"
#include "archive/packed.hpp"
#include "archive/sqlite.hpp"

namespace mi2::archive {

/// The first column of a statement's only row as a number; 0 without a row.
inline std::int64_t single(sqlite::Statement& statement) {
  const std::int64_t value = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

/// What is kept of Fingerprint::pixels_sha256.
inline constexpr std::size_t kPixelBytes = 16;

/// Whose run the rows of an object are in (sql/objects.sql): its series', or its own. Of the least number of all, which
/// nothing has but a catalog that was made to, this is the number itself.
inline Id run_owner(Id instance, std::optional<Id> series) {
  return series ? *series : static_cast<Id>(0 - static_cast<std::uint64_t>(instance));
}

/// The tables of a catalog of the newest format, without rows.
void make_tables(sqlite::Database& database);

/// What statements of sql/ call beside SQLite's own functions.
void add_functions(sqlite::Database& database);

/// What catalogs of older formats are numbered.
bool is_older_format(std::string_view format);
/// Whether its tables are others: newer ones only lack some.
bool is_before_4(std::string_view format);
/// Shows this connection the tables of one as the newest format has them; they are only read.
void read_older_format(sqlite::Database& database, std::string_view format);
/// Makes it the newest format, all or nothing. Another process may have done it meanwhile.
void convert_older_format(sqlite::Database& database);

/// What a catalog of nobody knows whom says of a window. @throws Error{kBadFile} for what is none.
std::string checked_window(std::string name);
std::uint64_t checked_picture(const sqlite::Statement& row, int column);
/// The number of a row. @throws Error{kBadFile} for a negative one.
std::uint64_t checked_row(const sqlite::Statement& row, int column);

struct Catalog::Impl {
  Impl(const std::filesystem::path& file, sqlite::Database::Mode mode) : database(file, mode) {
    add_functions(database);
  }

  sqlite::Statement& named(std::string_view name) { return database.named(name); }
  /// Binds a locator as a folder's path and a name at a place and the next: sql/older.sql has all in one folder.
  void bind_place(sqlite::Statement& statement, int index, std::string_view locator) const {
    const LocatorParts place = older ? LocatorParts{"", locator} : parts_of(locator);
    statement.bind(index, place.folder).bind(index + 1, place.name);
  }
  sqlite::Statement& bind_hash(sqlite::Statement& statement, int index, std::string_view digits) const {
    return older ? statement.bind(index, digits) : statement.bind_bytes(index, bytes_of_hex(digits));
  }
  sqlite::Statement& bind_uid(sqlite::Statement& statement, int index, std::string_view uid) const {
    return older ? statement.bind(index, uid) : statement.bind_bytes(index, packed_uid(uid));
  }

  sqlite::Database database;
  std::map<std::string, sqlite::Statement, std::less<>> written;  ///< of CatalogTables::put(), by table
  std::unique_ptr<Upstream> upstream;                             ///< null: this catalog is all there is
  std::string format;                                             ///< as it was opened
  bool older = false;                                             ///< of a format before 4, which is only read
};

}  // namespace mi2::archive
