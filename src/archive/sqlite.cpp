#include "archive/sqlite.hpp"

#include <array>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive::sqlite {
namespace {

/// Milliseconds that one process waits for another.
constexpr int kPatience = 10'000;

sqlite3* open(const std::filesystem::path& path, Database::Mode mode) {
  std::error_code ignored;
  if (mode != Database::Mode::kCreate && !std::filesystem::exists(path, ignored)) {
    throw Error(Code::kNotFound, fmt::format("{}: no such file", path.string()));
  }
  // Readers too must write: to the log's index, beside the file. Where that cannot be, they fall back to reading.
  const int flags = SQLITE_OPEN_READWRITE | (mode == Database::Mode::kCreate ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  if (result == SQLITE_OK) return handle;
  const std::string reason = sqlite3_errstr(result);
  sqlite3_close_v2(handle);
  throw Error(Code::kBadFile, fmt::format("{}: {}", path.string(), reason));
}

}  // namespace

Statement::Statement(Database& database, std::string_view sql)
    : database_(database), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* statement = nullptr;
  const int result =
      sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result != SQLITE_OK) database.fail(result);
  statement_.reset(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
  if (const int result = sqlite3_bind_int64(statement_.get(), index + 1, value); result != SQLITE_OK)
    database_.fail(result);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  if (const int result = sqlite3_bind_double(statement_.get(), index + 1, value); result != SQLITE_OK)
    database_.fail(result);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A view without a place is NULL to SQLite, not an empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  const int result = sqlite3_bind_text64(statement_.get(), index + 1, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) database_.fail(result);
  return *this;
}

Statement& Statement::bind_bytes(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  const int result = sqlite3_bind_blob64(statement_.get(), index + 1, data, bytes.size(), SQLITE_TRANSIENT);
  if (result != SQLITE_OK) database_.fail(result);
  return *this;
}

Statement& Statement::bind_null(int index) {
  if (const int result = sqlite3_bind_null(statement_.get(), index + 1); result != SQLITE_OK) database_.fail(result);
  return *this;
}

Statement& Statement::bind_or_null(int index, std::string_view text) {
  return text.empty() ? bind_null(index) : bind(index, text);
}

Statement& Statement::bind_or_null(int index, std::optional<std::int64_t> value) {
  return value ? bind(index, *value) : bind_null(index);
}

Statement& Statement::bind_or_null(int index, std::optional<double> value) {
  return value ? bind(index, *value) : bind_null(index);
}

bool Statement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3_reset(statement_.get());
  database_.fail(result);
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::number(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::text(int column) const {
  const void* const text = sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB
                               ? sqlite3_column_blob(statement_.get(), column)
                               : sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {static_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Database::Database(const std::filesystem::path& path, Mode mode)
    : path_(path), handle_(open(path, mode), sqlite3_close_v2) {
  sqlite3_busy_timeout(handle_.get(), kPatience);
  // A catalog from elsewhere: its schema must not do anything.
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // Each statement has the indexes that it needs: one made for it alone takes as long as reading all.
  execute("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA automatic_index = OFF;");
  if (mode == Mode::kRead) {
    execute("PRAGMA query_only = ON;");
    return;
  }
  execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
      "PRAGMA journal_size_limit = 67108864;");
}

void Database::execute(std::string_view sql) {
  const int result = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result);
}

Statement& Database::named(std::string_view name) {
  auto found = statements_.find(name);
  if (found == statements_.end()) {
    found = statements_.try_emplace(std::string(name), *this, sql_named(name)).first;
  }
  found->second.reset();
  return found->second;
}

void Database::fail(int result) const {
  const int kind = result & 0xFF;
  const Code code = kind == SQLITE_BUSY || kind == SQLITE_LOCKED ? Code::kOverloaded : Code::kBadFile;
  // The message names tables and columns, never values.
  std::string reason = sqlite3_errmsg(handle_.get());
  if (kind == SQLITE_FULL) reason = "No space left on the disk";
  throw Error(code, fmt::format("{}: {}", path_.string(), reason));
}

}  // namespace mi2::archive::sqlite

namespace mi2::archive {

std::string_view sql_named(std::string_view name) {
  for (const std::string_view file :
       {"read", "write", "survey", "dups", "sources", "slides", "windows", "labels", "format_4", "older"}) {
    const std::string_view text = sql_text(file);
    const std::string mark = fmt::format("-- name: {}\n", name);
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + mark.size());
    return rest.substr(0, rest.find("-- name: "));
  }
  throw Error(Code::kInternal, fmt::format("no SQL statement '{}'", name));
}

}  // namespace mi2::archive
