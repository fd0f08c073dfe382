#include "archive/shared_database.hpp"

#include <cstring>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/parameters.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"

namespace mi2::archive {
namespace {

using postgres::Parameter;
using postgres::Type;
using postgres::Value;

/// Of the tables that are not the catalog's.
constexpr std::string_view kSharedFormat = "1";
/// Parts of a statement: as many rows and bytes as make the way to the server and back cheap.
constexpr std::size_t kBatchRows = 256;
constexpr std::size_t kBatchBytes = 4U << 20;

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kInteger:
      return "bigint";
    case Type::kReal:
      return "double precision";
    case Type::kText:
      return "text";
    case Type::kBytes:
      break;
  }
  return "bytea";
}

std::string definition(const CatalogTable& table) {
  std::string columns;
  for (const CatalogColumn& column : table.columns) {
    columns += fmt::format("\"{}\" {}{}, ", column.name, type_name(column.type), column.required ? " NOT NULL" : "");
  }
  return fmt::format(
      "CREATE TABLE \"{0}\" ({1}shared_seq bigint NOT NULL, PRIMARY KEY ({2})); CREATE INDEX ON \"{0}\" (shared_seq);",
      table.name, columns, column_list(table, true));
}

/// As table 'gone' keeps a key.
Parameter key_text(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return text_parameter(std::to_string(*whole));
  return {Type::kText, value};
}

/// "($1, $2), ($3, $4)": so many parameters, a row of `width` of them after the other.
std::string marks(std::size_t count, std::size_t width) {
  std::string sql;
  for (std::size_t i = 0; i < count; ++i) {
    sql += i % width == 0 ? (i == 0 ? "($" : "), ($") : ", $";
    sql += std::to_string(i + 1);
  }
  return sql + ")";
}

std::string text_at(const postgres::Result& result, int column) { return std::string(result.bytes(0, column)); }

void require_text(const std::string& value, const CatalogTable& table, const CatalogColumn& column) {
  if (base::utf8_prefix(value) == value.size() && value.find('\0') == std::string::npos) return;
  throw Error(Code::kBadArgument,
              fmt::format("shared archive: expected UTF-8 for '{}' of table '{}', got other bytes: PostgreSQL keeps no "
                          "other texts, paths too",
                          column.name, table.name));
}

}  // namespace

Value bytes_value(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

const CatalogTable& vector_table() {
  static const CatalogTable table{"vector", {{"item", Type::kInteger, true}, {"f32", Type::kBytes, true}}, {0}};
  return table;
}

const CatalogTable& thumb_table() {
  static const CatalogTable table{
      "thumb", {{"item", Type::kInteger, true}, {"crc32c", Type::kInteger, true}, {"webp", Type::kBytes, true}}, {0}};
  return table;
}

bool SharedDatabase::exists() {
  const std::string table = fmt::format("{}.archive", connection_.place().schema);
  return connection_.query("SELECT (to_regclass($1) IS NOT NULL)::int::bigint", {text_parameter(table)})
             .integer(0, 0) != 0;
}

bool SharedDatabase::create(const Format& format, const std::string& key) {
  const std::string& schema = connection_.place().schema;
  connection_.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", {text_parameter("mi2 archive " + schema)});
  if (exists()) return false;
  // With the schema there, no right to make one is needed.
  const std::string there = "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1";
  if (connection_.query(there, {text_parameter(schema)}).integer(0, 0) == 0) {
    connection_.execute(fmt::format("CREATE SCHEMA \"{}\"", schema));
  }
  std::string sql =
      "CREATE TABLE archive (one bigint PRIMARY KEY CHECK (one = 1), format text NOT NULL, id text NOT NULL,"
      " key text NOT NULL, json text NOT NULL, seq bigint NOT NULL, floor bigint NOT NULL);"
      "CREATE TABLE commit (seq bigint PRIMARY KEY, mark text NOT NULL, at timestamptz NOT NULL DEFAULT now());"
      "CREATE TABLE gone (name text NOT NULL, k0 text NOT NULL, k1 text, shared_seq bigint NOT NULL);"
      "CREATE INDEX ON gone (shared_seq);";
  for (const CatalogTable& table : CatalogTables::tables()) sql += definition(table);
  for (const std::string& index : CatalogTables::unique_indexes()) sql += index + ";";
  // A frame has one row that lives; of several windows one for each.
  sql += several_windows(format.space).empty()
             ? "CREATE UNIQUE INDEX item_frame ON item (instance, frame) WHERE kind IS NULL AND deleted_seq IS NULL;"
             : "CREATE UNIQUE INDEX voi_picture ON voi (picture, name);";
  sql += definition(vector_table()) + definition(thumb_table());
  // Random bits do not shrink.
  sql += "ALTER TABLE vector ALTER f32 SET STORAGE EXTERNAL; ALTER TABLE thumb ALTER webp SET STORAGE EXTERNAL;";
  connection_.execute(sql);
  connection_.query("INSERT INTO archive VALUES (1, $1, $2, $3, $4, 0, 0)",
                    {text_parameter(std::string(kSharedFormat)), text_parameter(format.id), text_parameter(key),
                     text_parameter(to_json(format))});
  return true;
}

SharedHead SharedDatabase::head(bool lock) {
  const postgres::Result row = connection_.query(
      fmt::format("SELECT left(format, 64), left(id, 64), left(key, 128), left(json, 65536), seq, floor FROM archive{}",
                  lock ? " FOR UPDATE" : ""));
  if (row.rows() != 1) {
    throw Error(Code::kBadFile, fmt::format("{}: expected one row in table 'archive', got {}", name(), row.rows()));
  }
  if (row.bytes(0, 0) != kSharedFormat) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected format {}, got {:.16}: written by another version of mi2",
                                                name(), kSharedFormat, base::printable(row.bytes(0, 0))));
  }
  SharedHead head;
  head.id = text_at(row, 1);
  head.key = text_at(row, 2);
  head.json = text_at(row, 3);
  head.at.seq = row.integer(0, 4);
  head.floor = row.integer(0, 5);
  const postgres::Result mark =
      connection_.query("SELECT left(mark, 64) FROM commit WHERE seq = $1", {number_parameter(head.at.seq)});
  if (mark.rows() == 1) head.at.mark = text_at(mark, 0);
  if (head.at.seq < 0 || (head.at.seq > 0 && head.at.mark.empty())) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected the commit {} in table 'commit', got none", name(), head.at.seq));
  }
  return head;
}

void SharedDatabase::require_format(const SharedHead& head) {
  const postgres::Result row = connection_.query("SELECT left(value, 64) FROM meta WHERE key = 'format'");
  const std::string found = row.rows() == 1 ? text_at(row, 0) : "none";
  if (head.at.seq == 0 || found == kCatalogFormat) return;
  throw Error(Code::kUnsupported, fmt::format("{}: expected a catalog of format {}, got {:.16}", name(), kCatalogFormat,
                                              base::printable(found)));
}

bool SharedDatabase::has(const ReplicaMark& mark) {
  return connection_
             .query("SELECT count(*) FROM commit WHERE seq = $1 AND mark = $2",
                    {number_parameter(mark.seq), text_parameter(mark.mark)})
             .integer(0, 0) == 1;
}

ReplicaMark SharedDatabase::advance(const SharedHead& head, bool erased) {
  const ReplicaMark next{head.at.seq + 1, base::hex(base::random_bytes(16))};
  connection_.query("UPDATE archive SET seq = $1, floor = CASE WHEN $2 = 1 THEN $1 ELSE floor END",
                    {number_parameter(next.seq), number_parameter(erased ? 1 : 0)});
  connection_.query("INSERT INTO commit (seq, mark) VALUES ($1, $2)",
                    {number_parameter(next.seq), text_parameter(next.mark)});
  // The keys of what had gone before name what was erased.
  if (erased) connection_.execute("DELETE FROM gone");
  connection_.query("SELECT pg_notify($1, '')", {text_parameter(channel(head.id))});
  return next;
}

void SharedDatabase::each(const std::string& select, int at_once,
                          const std::function<void(const postgres::Result&, int row)>& use) {
  connection_.execute("DECLARE mi2_rows NO SCROLL CURSOR FOR " + select);
  while (true) {
    const postgres::Result rows = connection_.query(fmt::format("FETCH {} FROM mi2_rows", at_once));
    if (rows.rows() == 0) break;
    for (int row = 0; row < rows.rows(); ++row) use(rows, row);
  }
  connection_.execute("CLOSE mi2_rows");
}

void RowBatch::add(std::span<const Value> row) {
  std::size_t texts = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const CatalogColumn& column = table_.columns[i];
    if (const auto* value = std::get_if<std::string>(&row[i])) {
      if (column.type == Type::kText) {
        require_text(*value, table_, column);
        texts += value->size();
      }
      bytes_ += value->size();
    }
    parameters_.push_back({column.type, row[i]});
  }
  if (texts > kMostRowBytes) {
    throw Error(Code::kTooLarge, fmt::format("shared archive: expected at most {} bytes of texts in a row of table "
                                             "'{}', got {}",
                                             kMostRowBytes, table_.name, texts));
  }
  parameters_.push_back(number_parameter(seq_));
  if (++rows_ == kBatchRows || bytes_ >= kBatchBytes) flush();
}

void RowBatch::flush() {
  if (rows_ == 0) return;
  std::string sql = fmt::format("INSERT INTO \"{}\" ({}, shared_seq) VALUES {}", table_.name,
                                column_list(table_, false), marks(parameters_.size(), table_.columns.size() + 1));
  sql += fmt::format(" ON CONFLICT ({}) DO UPDATE SET shared_seq = excluded.shared_seq", column_list(table_, true));
  for (const CatalogColumn& column : table_.columns) sql += fmt::format(", \"{0}\" = excluded.\"{0}\"", column.name);
  connection_.query(sql, parameters_);
  parameters_.clear();
  rows_ = 0;
  bytes_ = 0;
}

void GoneBatch::add(std::span<const Value> key) {
  for (std::size_t i = 0; i < key.size(); ++i) keys_.push_back({table_.columns[table_.key[i]].type, key[i]});
  if (noted_) {
    notes_.push_back(text_parameter(table_.name));
    notes_.push_back(key_text(key[0]));
    notes_.push_back(key.size() > 1 ? key_text(key[1]) : Parameter{Type::kText, {}});
    notes_.push_back(number_parameter(seq_));
  }
  if (keys_.size() >= kBatchRows * table_.key.size()) flush();
}

void GoneBatch::flush() {
  if (keys_.empty()) return;
  connection_.query(fmt::format("DELETE FROM \"{}\" WHERE ({}) IN ({})", table_.name, column_list(table_, true),
                                marks(keys_.size(), table_.key.size())),
                    keys_);
  if (noted_) {
    connection_.query("INSERT INTO gone (name, k0, k1, shared_seq) VALUES " + marks(notes_.size(), 4), notes_);
  }
  keys_.clear();
  notes_.clear();
}

}  // namespace mi2::archive
