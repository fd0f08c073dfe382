#include "archive/catalog_tables.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

using postgres::Type;
using postgres::Value;

/// A replica's own, what SQLite keeps for itself aside: where thumbnails are, how far it has come, and where the images
/// of a series lie, which a trigger notes.
constexpr std::array<std::string_view, 3> kOwn{"thumb", "replica", "run"};

constexpr std::string_view kTables =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";

CatalogTable read_table(sqlite::Database& database, std::string name) {
  CatalogTable table;
  table.name = std::move(name);
  std::map<std::int64_t, std::size_t> key;
  sqlite::Statement columns(database, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)");
  columns.bind(0, table.name);
  while (columns.step()) {
    const std::string type = columns.text(1);
    if (const std::int64_t place = columns.integer(3); place > 0) key[place] = table.columns.size();
    table.columns.push_back({columns.text(0),
                             type == "INTEGER" ? Type::kInteger
                             : type == "REAL"  ? Type::kReal
                             : type == "BLOB"  ? Type::kBytes
                                               : Type::kText,
                             columns.integer(2) != 0 || columns.integer(3) > 0});
  }
  for (const auto& [place, column] : key) table.key.push_back(column);
  return table;
}

/// Of a catalog as this version makes it.
struct BuiltIn {
  std::vector<CatalogTable> tables;
  CatalogTable thumb;
  std::vector<std::string> unique_indexes;
};

BuiltIn read_built_in() {
  sqlite::Database made(":memory:", sqlite::Database::Mode::kCreate);
  make_tables(made);
  BuiltIn found;
  std::vector<std::string> names;
  sqlite::Statement all(made, kTables);
  while (all.step()) names.push_back(all.text(0));
  for (const std::string& name : names) {
    if (std::find(kOwn.begin(), kOwn.end(), name) == kOwn.end()) found.tables.push_back(read_table(made, name));
  }
  found.thumb = read_table(made, "thumb");
  sqlite::Statement unique(
      made, "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%' ORDER BY name");
  while (unique.step()) found.unique_indexes.push_back(unique.text(0));
  return found;
}

const BuiltIn& built_in() {
  static const BuiltIn made = read_built_in();
  return made;
}

void bind(sqlite::Statement& statement, int index, const Value& value, Type type) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    statement.bind(index, *number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.bind(index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    type == Type::kBytes ? statement.bind_bytes(index, *text) : statement.bind(index, std::string_view(*text));
  } else {
    statement.bind_null(index);
  }
}

Value value_of(const sqlite::Statement& statement, int index, Type type) {
  if (statement.is_null(index)) return {};
  if (type == Type::kInteger) return statement.integer(index);
  if (type == Type::kReal) return statement.number(index);
  return statement.text(index);
}

/// "t.a = k.k0 AND t.b = k.k1".
std::string same_key(const CatalogTable& table) {
  std::string text;
  for (std::size_t i = 0; i < table.key.size(); ++i) {
    text += fmt::format("{}t.\"{}\" = k.k{}", i == 0 ? "" : " AND ", table.columns[table.key[i]].name, i);
  }
  return text;
}

/// Keys of a table that were noted, each once.
std::string noted(const CatalogTable& table) {
  return fmt::format("(SELECT DISTINCT k0, k1 FROM temp.touched WHERE name = '{}')", table.name);
}

std::string trigger(const CatalogTable& table, std::string_view when, std::string_view row) {
  std::string keys;
  for (std::size_t i = 0; i < 2; ++i) {
    keys += i < table.key.size() ? fmt::format(", {}.\"{}\"", row, table.columns[table.key[i]].name) : ", NULL";
  }
  return fmt::format(
      "CREATE TEMP TRIGGER IF NOT EXISTS touched_{0}_{1}_{2} AFTER {1} ON main.\"{0}\" BEGIN"
      " INSERT INTO touched VALUES ('{0}'{3}); END;",
      table.name, when, row, keys);
}

}  // namespace

std::string column_list(const CatalogTable& table, bool key, std::string_view before) {
  std::string text;
  const std::size_t count = key ? table.key.size() : table.columns.size();
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("{}{}\"{}\"", i == 0 ? "" : ", ", before, table.columns[key ? table.key[i] : i].name);
  }
  return text;
}

CatalogTables::CatalogTables(Catalog& catalog) : impl_(*catalog.impl_) {}

const std::vector<CatalogTable>& CatalogTables::tables() { return built_in().tables; }
const std::vector<std::string>& CatalogTables::unique_indexes() { return built_in().unique_indexes; }

void CatalogTables::watch() {
  std::string sql = "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE IF NOT EXISTS touched (name TEXT NOT NULL, k0, k1);";
  const auto follow = [&](const CatalogTable& table) {
    sql += trigger(table, "INSERT", "new") + trigger(table, "UPDATE", "old") + trigger(table, "UPDATE", "new") +
           trigger(table, "DELETE", "old");
  };
  for (const CatalogTable& table : tables()) follow(table);
  follow(built_in().thumb);
  impl_.database.execute(sql);
}

void CatalogTables::each_of(const std::string& sql, const CatalogTable& table, bool keys,
                            const std::function<void(std::span<const Value>)>& use) {
  sqlite::Statement rows(impl_.database, sql);
  const std::size_t count = keys ? table.key.size() : table.columns.size();
  std::vector<Value> values(count);
  while (rows.step()) {
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = value_of(rows, static_cast<int>(i), table.columns[keys ? table.key[i] : i].type);
    }
    use(values);
  }
}

void CatalogTables::each_changed(const CatalogTable& table, const std::function<void(std::span<const Value>)>& use) {
  each_of(fmt::format("SELECT {} FROM {} AS k JOIN \"{}\" AS t ON {} ORDER BY {}", column_list(table, false, "t."),
                      noted(table), table.name, same_key(table), column_list(table, true, "t.")),
          table, false, use);
}

void CatalogTables::each(const CatalogTable& table, const std::function<void(std::span<const Value>)>& use) {
  each_of(
      fmt::format("SELECT {} FROM \"{}\" ORDER BY {}", column_list(table, false), table.name, column_list(table, true)),
      table, false, use);
}

void CatalogTables::each_gone(const CatalogTable& table, const std::function<void(std::span<const Value>)>& use) {
  each_of(fmt::format("SELECT {} FROM {} AS k WHERE NOT EXISTS (SELECT 1 FROM \"{}\" AS t WHERE {})",
                      table.key.size() == 1 ? "k0" : "k0, k1", noted(table), table.name, same_key(table)),
          table, true, use);
}

std::vector<std::uint64_t> CatalogTables::changed_thumbs() {
  std::vector<std::uint64_t> rows;
  sqlite::Statement all(impl_.database, "SELECT DISTINCT k0 FROM temp.touched WHERE name = 'thumb' ORDER BY k0");
  while (all.step()) rows.push_back(static_cast<std::uint64_t>(all.integer(0)));
  return rows;
}

std::optional<Thumb> CatalogTables::thumb(std::uint64_t row) {
  sqlite::Statement found(impl_.database, "SELECT offset, size, crc32c FROM thumb WHERE item = ?");
  found.bind(0, static_cast<std::int64_t>(row));
  if (!found.step()) return std::nullopt;
  return Thumb{row, static_cast<std::uint64_t>(found.integer(0)), static_cast<std::uint64_t>(found.integer(1)),
               static_cast<std::uint32_t>(found.integer(2))};
}

void CatalogTables::forget_changes() { impl_.database.execute("DELETE FROM temp.touched"); }

void CatalogTables::trust_references() { impl_.database.execute("PRAGMA foreign_keys = OFF"); }

void CatalogTables::put(const CatalogTable& table, std::span<const Value> row) {
  auto found = impl_.written.find(table.name);
  if (found == impl_.written.end()) {
    std::string marks, columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      marks += i == 0 ? "?" : ", ?";
      columns +=
          fmt::format("{}\"{}\" = excluded.\"{}\"", i == 0 ? "" : ", ", table.columns[i].name, table.columns[i].name);
    }
    const std::string sql =
        fmt::format("INSERT INTO \"{}\" ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}", table.name,
                    column_list(table, false), marks, column_list(table, true), columns);
    found = impl_.written.try_emplace(table.name, impl_.database, sql).first;
  }
  sqlite::Statement& statement = found->second;
  for (std::size_t i = 0; i < row.size(); ++i) bind(statement, static_cast<int>(i), row[i], table.columns[i].type);
  statement.run();
}

void CatalogTables::remove(const CatalogTable& table, std::span<const Value> key) {
  std::string where;
  for (std::size_t i = 0; i < key.size(); ++i) {
    where += fmt::format("{}\"{}\" = ?", i == 0 ? "" : " AND ", table.columns[table.key[i]].name);
  }
  sqlite::Statement statement(impl_.database, fmt::format("DELETE FROM \"{}\" WHERE {}", table.name, where));
  for (std::size_t i = 0; i < key.size(); ++i)
    bind(statement, static_cast<int>(i), key[i], table.columns[table.key[i]].type);
  statement.run();
}

void CatalogTables::clear(const CatalogTable& table) {
  impl_.database.execute(fmt::format("DELETE FROM \"{}\"", table.name));
  // Each row that comes back says again where its series lies.
  if (table.name == std::string_view("item")) impl_.database.execute("DELETE FROM run");
}

void CatalogTables::put_thumb(const Thumb& thumb) {
  impl_.named("drop_thumb").bind(0, static_cast<std::int64_t>(thumb.row)).run();
  impl_.named("add_thumb")
      .bind(0, static_cast<std::int64_t>(thumb.row))
      .bind(1, static_cast<std::int64_t>(thumb.offset))
      .bind(2, static_cast<std::int64_t>(thumb.size))
      .bind(3, static_cast<std::int64_t>(thumb.crc))
      .run();
}

std::optional<ReplicaMark> CatalogTables::mark() {
  sqlite::Statement table(impl_.database,
                          "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'replica'");
  if (single(table) == 0) return std::nullopt;
  sqlite::Statement row(impl_.database, "SELECT seq, mark FROM replica");
  if (!row.step()) return ReplicaMark{};
  return ReplicaMark{row.integer(0), row.text(1)};
}

void CatalogTables::set_mark(const ReplicaMark& mark) {
  impl_.database.execute(
      "CREATE TABLE IF NOT EXISTS replica (seq INTEGER NOT NULL, mark TEXT NOT NULL) STRICT; DELETE FROM replica");
  sqlite::Statement row(impl_.database, "INSERT INTO replica VALUES (?, ?)");
  row.bind(0, mark.seq).bind(1, std::string_view(mark.mark)).run();
}

}  // namespace mi2::archive
