#pragma once
// What is behind a Catalog.

#include <cstdint>
#include <filesystem>

#include "archive/catalog.hpp"
#include "archive/sqlite.hpp"

namespace mi2::archive {

/// The first column of a statement's only row as a number; 0 without a row.
inline std::int64_t single(sqlite::Statement& statement) {
  const std::int64_t value = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

struct Catalog::Impl {
  Impl(const std::filesystem::path& file, sqlite::Database::Mode mode) : database(file, mode) {}

  sqlite::Statement& named(std::string_view name) { return database.named(name); }

  sqlite::Database database;
  bool thumbs = true;  ///< false: of format 1, without a table of them
};

}  // namespace mi2::archive
