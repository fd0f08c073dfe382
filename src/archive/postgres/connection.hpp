#pragma once
// A connection to PostgreSQL, through libpq. It knows no archive.

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "archive/postgres/place.hpp"
#include "archive/postgres/value.hpp"

namespace mi2::archive::postgres {

inline constexpr std::chrono::seconds kConnectPatience{10};

/// Rows that a statement returned, in libpq's binary form. Rows and columns count from 0.
class Result {
 public:
  struct Impl;
  explicit Result(std::unique_ptr<Impl> impl);
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;
  ~Result();

  [[nodiscard]] int rows() const;
  [[nodiscard]] bool is_null(int row, int column) const;
  /// @throws Error{kBadFile} unless it is a bigint, and not NULL.
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  /// Of a text or bytea; empty if it is NULL. Valid as long as this.
  [[nodiscard]] std::string_view bytes(int row, int column) const;
  /// @throws Error{kBadFile} unless the column is of this type.
  [[nodiscard]] Value value(int row, int column, Type type) const;

 private:
  void require(int column, Type type) const;

  std::unique_ptr<Impl> impl_;
};

/// For one thread at a time. Errors have the server's message, never its details, which hold values, and no password.
class Connection {
 public:
  /// Connects with the schema as the search path. @param patience  for that, if the URL says nothing else.
  /// @throws Error{kOverloaded} naming the place, if the server cannot be reached or refuses; {kUnsupported} in a
  ///         program without libpq, or for a database whose encoding is not UTF8.
  explicit Connection(Place place, std::chrono::seconds patience = kConnectPatience);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  [[nodiscard]] const Place& place() const noexcept { return place_; }
  /// Host, port and database, as they were found: what tells two databases apart.
  [[nodiscard]] std::string server() const;
  /// Whether the last call left it usable.
  [[nodiscard]] bool alive() const;

  /// One or several statements without parameters and results.
  /// @throws Error{kOverloaded} if the connection is lost, a lock is not to be had or the server is busy;
  ///         {kBadArgument} without the right to; {kBadFile} for all else, a table that is not there too.
  void execute(const std::string& sql);
  /// One statement with $1.. for parameters. @throws as execute().
  Result query(const std::string& sql, std::span<const Parameter> parameters = {});
  Result query(const std::string& sql, std::initializer_list<Parameter> parameters);
  /// Waits for a NOTIFY of a channel that is listened to.
  /// @returns whether one came. @throws as execute().
  bool wait(std::chrono::milliseconds longest);
  /// Cuts the connection: a call that waits for the server ends with Error{kOverloaded}. From any thread.
  void cut() noexcept;

 private:
  struct Impl;
  Place place_;
  std::unique_ptr<Impl> impl_;
};

/// A transaction that is undone unless it is committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t { kWrites, kSnapshot };
  Transaction(Connection& connection, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace mi2::archive::postgres
