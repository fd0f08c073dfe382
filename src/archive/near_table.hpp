#pragma once
// The index of pgvector that a shared archive may have: table `near`, which a database can search by itself, and misses
// neighbours. The vectors of `vector` stay the truth.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/postgres/value.hpp"
#include "archive/shared_database.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

class NearTable {
 public:
  /// Nothing if the archive has none, or the extension went. @throws as postgres::Connection::query().
  static std::optional<NearTable> find(SharedDatabase& database);
  /// @throws Error{kUnsupported} where it cannot be made: without pgvector 0.8, or for too many dimensions.
  static void require(SharedDatabase& database, std::size_t dimensions);
  /// Makes it of all vectors, inside of a transaction that has the archive's lock.
  /// @throws as require(); Error{kBadArgument} if it is there; {kBadFile} for damage.
  static void make(SharedDatabase& database, std::size_t dimensions, const base::OnProgress& on_progress);

  /// A vector as a parameter of type text, and what stands in a statement for the parameter of this number as a vector.
  [[nodiscard]] static postgres::Parameter parameter(std::span<const float> numbers);
  [[nodiscard]] std::string vector_of(std::size_t number) const;
  /// The operator by which unit vectors are ordered, the nearest first.
  [[nodiscard]] std::string order() const;

 private:
  friend class NearBatch;
  explicit NearTable(std::string schema) : schema_(std::move(schema)) {}
  std::string schema_;  ///< where the extension is, in quotes: no search path has it
};

/// Rows of that table that come, in place of those with the same numbers, and that go.
class NearBatch {
 public:
  /// Both outlive it.
  NearBatch(postgres::Connection& connection, const NearTable& table) : connection_(connection), table_(table) {}
  void add(std::uint64_t row, std::span<const float> numbers);
  void remove(std::uint64_t row);
  /// After the last row. @throws as postgres::Connection::query().
  void flush();

 private:
  postgres::Connection& connection_;
  const NearTable& table_;
  std::vector<postgres::Parameter> coming_;
  std::vector<postgres::Parameter> going_;
};

}  // namespace mi2::archive
