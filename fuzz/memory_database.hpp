#pragma once
// SQLite databases in memory, for targets that change the cells of one. What fails here is a fault of the target.

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace mi2::fuzz {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

/// In memory. @param content  null: without tables.
inline Database database_of(const std::string* content) {
  sqlite3* opened = nullptr;
  if (sqlite3_open(":memory:", &opened) != SQLITE_OK) std::abort();
  Database database(opened);
  if (content == nullptr) return database;
  auto* const copy = static_cast<unsigned char*>(sqlite3_malloc64(content->size()));
  if (copy == nullptr) std::abort();
  std::memcpy(copy, content->data(), content->size());
  const auto size = static_cast<sqlite3_int64>(content->size());
  constexpr unsigned kFlags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE;
  if (sqlite3_deserialize(opened, "main", copy, size, size, kFlags) != SQLITE_OK) std::abort();
  return database;
}

inline Statement prepared(const Database& database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) std::abort();
  return Statement(statement);
}

inline void run(const Database& database, const std::string& sql) {
  if (sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
}

inline std::vector<std::string> texts(const Database& database, const std::string& sql) {
  const Statement statement = prepared(database, sql);
  std::vector<std::string> found;
  while (sqlite3_step(statement.get()) == SQLITE_ROW) {
    found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0)));
  }
  return found;
}

inline std::string bytes_of(const Database& database) {
  sqlite3_int64 size = 0;
  unsigned char* const bytes = sqlite3_serialize(database.get(), "main", &size, 0);
  if (bytes == nullptr) std::abort();
  std::string content(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  sqlite3_free(bytes);
  return content;
}

}  // namespace mi2::fuzz
