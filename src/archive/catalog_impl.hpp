#pragma once
// What is behind a Catalog.

#include <filesystem>

#include "archive/catalog.hpp"
#include "archive/sqlite.hpp"

namespace mi2::archive {

struct Catalog::Impl {
  Impl(const std::filesystem::path& file, sqlite::Database::Mode mode) : database(file, mode) {}

  sqlite::Statement& named(std::string_view name) { return database.named(name); }

  sqlite::Database database;
  bool thumbs = true;  ///< false: of format 1, without a table of them
};

}  // namespace mi2::archive
