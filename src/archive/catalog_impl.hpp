#pragma once
// What is behind a Catalog.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "archive/catalog.hpp"
#include "archive/sqlite.hpp"

namespace mi2::archive {

/// The first column of a statement's only row as a number; 0 without a row.
inline std::int64_t single(sqlite::Statement& statement) {
  const std::int64_t value = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

/// The tables of a catalog of the newest format, without rows.
void make_tables(sqlite::Database& database);

struct Catalog::Impl {
  Impl(const std::filesystem::path& file, sqlite::Database::Mode mode) : database(file, mode) {}

  sqlite::Statement& named(std::string_view name) { return database.named(name); }

  sqlite::Database database;
  std::map<std::string, sqlite::Statement, std::less<>> written;  ///< of CatalogTables::put(), by table
  std::unique_ptr<Upstream> upstream;                             ///< null: this catalog is all there is
  bool thumbs = true;                                             ///< false: of format 1, without a table of them
  bool pixels = true;                                             ///< false: of format 1 or 2, without hashes of pixels
};

}  // namespace mi2::archive
