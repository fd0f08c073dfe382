#include "archive/near_table.hpp"

#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "archive/parameters.hpp"
#include "archive/replica.hpp"
#include "base/utf8.hpp"

namespace mi2::archive {
namespace {

using postgres::Parameter;

/// Of an index over half-precision vectors.
constexpr std::size_t kMostDimensions = 4000;
constexpr std::size_t kBatchRows = 256;
constexpr std::uint64_t kReportRows = 1024;

struct Extension {
  std::string schema;  ///< in quotes
  std::string version;
  bool new_enough = false;  ///< its searches go on until filters are satisfied
};

std::optional<Extension> find_extension(postgres::Connection& connection) {
  const postgres::Result row = connection.query(
      "SELECT quote_ident(n.nspname::text), left(e.extversion, 32),"
      " (string_to_array(substring(e.extversion from '^[0-9.]*[0-9]'), '.')::int[] >= ARRAY[0, 8])::int::bigint"
      " FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace"
      " WHERE e.extname = 'vector'");
  if (row.rows() == 0) return std::nullopt;
  return Extension{std::string(row.bytes(0, 0)), std::string(row.bytes(0, 1)),
                   !row.is_null(0, 2) && row.integer(0, 2) != 0};
}

bool has_table(SharedDatabase& database) {
  const std::string table = fmt::format("{}.near", database.connection().place().schema);
  return database.connection()
             .query(
                 "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1)"
                 " AND attname = 'at' AND NOT attisdropped",
                 {text_parameter(table)})
             .integer(0, 0) != 0;
}

Extension require_extension(SharedDatabase& database, std::size_t dimensions) {
  std::optional<Extension> found = find_extension(database.connection());
  if (!found) {
    throw Error(
        Code::kUnsupported,
        fmt::format("{}: expected the extension 'vector' (pgvector) in this database, got none; its owner makes "
                    "it with CREATE EXTENSION vector, where the server has it installed",
                    database.name()));
  }
  if (!found->new_enough) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected pgvector 0.8 or later, got {}", database.name(),
                                                base::printable(found->version)));
  }
  if (dimensions > kMostDimensions) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected vectors of at most {} numbers, which pgvector indexes, got {}",
                            database.name(), kMostDimensions, dimensions));
  }
  return std::move(*found);
}

/// "(<one>), (<one>)" with numbered parameters, of which a row has two.
std::string rows_of(std::size_t rows, const NearTable& table) {
  std::string sql;
  for (std::size_t row = 0; row < rows; ++row) {
    sql += fmt::format("{}(${}, {})", row > 0 ? ", " : "", 2 * row + 1, table.vector_of(2 * row + 2));
  }
  return sql;
}

}  // namespace

std::optional<NearTable> NearTable::find(SharedDatabase& database) {
  if (!has_table(database)) return std::nullopt;
  std::optional<Extension> extension = find_extension(database.connection());
  if (!extension) return std::nullopt;
  return NearTable(std::move(extension->schema));
}

void NearTable::require(SharedDatabase& database, std::size_t dimensions) {
  static_cast<void>(require_extension(database, dimensions));
}

void NearTable::make(SharedDatabase& database, std::size_t dimensions, const base::OnProgress& on_progress) {
  Extension extension = require_extension(database, dimensions);
  if (has_table(database)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: has an index of pgvector already; DROP TABLE {}.near takes it away", database.name(),
                            database.connection().place().schema));
  }
  const NearTable table(std::move(extension.schema));
  postgres::Connection& connection = database.connection();
  connection.execute(fmt::format("CREATE TABLE near (item bigint PRIMARY KEY, at {}.halfvec({}) NOT NULL)",
                                 table.schema_, dimensions));
  const std::int64_t total = connection.query("SELECT count(*) FROM vector").integer(0, 0);
  NearBatch batch(connection, table);
  std::vector<float> numbers(dimensions);
  database.each(vectors_after(0, dimensions), kVectorsAtOnce, [&](const postgres::Result& rows, int row) {
    const std::string_view kind = rows.bytes(row, 3);
    if (kind != "frame" && kind != "series") return;
    const auto item = static_cast<std::uint64_t>(rows.integer(row, 0));
    const std::string_view bytes = rows.bytes(row, 1);
    const std::string_view problem =
        vector_problem(bytes, dimensions, rows.is_null(row, 2) ? -1 : rows.integer(row, 2));
    if (!problem.empty()) throw Error(Code::kBadFile, fmt::format("{}: row {}: {}", database.name(), item, problem));
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    batch.add(item, numbers);
    if (on_progress && item % kReportRows == 0) on_progress({"indexing", item, static_cast<std::uint64_t>(total)});
  });
  batch.flush();
  connection.execute(
      fmt::format("CREATE INDEX near_at ON near USING hnsw (at {}.halfvec_ip_ops); ANALYZE near", table.schema_));
}

Parameter NearTable::parameter(std::span<const float> numbers) {
  return text_parameter(fmt::format("[{}]", fmt::join(numbers, ",")));
}

std::string NearTable::vector_of(std::size_t number) const { return fmt::format("${}::{}.halfvec", number, schema_); }

std::string NearTable::order() const { return fmt::format("OPERATOR({}.<#>)", schema_); }

void NearBatch::add(std::uint64_t row, std::span<const float> numbers) {
  coming_.push_back(number_parameter(static_cast<std::int64_t>(row)));
  coming_.push_back(NearTable::parameter(numbers));
  if (coming_.size() == 2 * kBatchRows) flush();
}

void NearBatch::remove(std::uint64_t row) {
  going_.push_back(number_parameter(static_cast<std::int64_t>(row)));
  if (going_.size() == kBatchRows) flush();
}

void NearBatch::flush() {
  if (!coming_.empty()) {
    connection_.query(
        fmt::format("INSERT INTO near (item, at) VALUES {} ON CONFLICT (item) DO UPDATE SET at = excluded.at",
                    rows_of(coming_.size() / 2, table_)),
        coming_);
    coming_.clear();
  }
  if (!going_.empty()) {
    std::string marks;
    for (std::size_t i = 0; i < going_.size(); ++i) marks += fmt::format("{}${}", i > 0 ? ", " : "", i + 1);
    connection_.query(fmt::format("DELETE FROM near WHERE item IN ({})", marks), going_);
    going_.clear();
  }
}

}  // namespace mi2::archive
