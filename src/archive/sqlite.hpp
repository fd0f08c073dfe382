#pragma once
// SQLite with errors that are thrown and statements that end by themselves. Only catalog*.cpp include this.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace mi2::archive::sqlite {

class Database;

/// A prepared statement, bound and stepped. Columns and parameters count from 0.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_bytes(int index, std::string_view bytes);
  Statement& bind_null(int index);
  /// Empty text and nothing are NULL.
  Statement& bind_or_null(int index, std::string_view text);
  Statement& bind_or_null(int index, std::optional<std::int64_t> value);
  Statement& bind_or_null(int index, std::optional<double> value);

  /// @returns whether there is a row. @throws as Database.
  bool step();
  /// Runs it to its end, and makes it ready for other values.
  void run();
  void reset() noexcept;

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  /// Of bytes too.
  [[nodiscard]] std::string text(int column) const;

 private:
  Database& database_;
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
};

class Database {
 public:
  enum class Mode : std::uint8_t { kRead, kWrite, kCreate };

  /// @throws Error{kNotFound}, {kBadFile} naming the file, {kOverloaded} if it stays locked.
  Database(const std::filesystem::path& path, Mode mode);

  /// One or several statements without results.
  void execute(std::string_view sql);
  /// The statement of src/archive/sql/ that has this name, prepared once. Reset, not bound.
  Statement& named(std::string_view name);
  [[nodiscard]] std::int64_t last_id() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
  /// @throws what an SQLite result code means. @param result  of a call that failed.
  [[noreturn]] void fail(int result) const;

 private:
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
  std::map<std::string, Statement, std::less<>> statements_;
};

}  // namespace mi2::archive::sqlite

namespace mi2::archive {

/// The text of src/archive/sql/`file`.sql; what stands in it before "-- name: NAME" and the next such line is `name`.
std::string_view sql_text(std::string_view file);
std::string_view sql_named(std::string_view name);

}  // namespace mi2::archive
