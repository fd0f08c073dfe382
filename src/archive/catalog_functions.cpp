// Functions of SQL for what format 4 of the catalog packs.

#include <array>
#include <exception>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

std::string_view view_of(sqlite3_value* value) {
  const void* const data =
      sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void give_bytes(sqlite3_context* context, std::string_view bytes) {
  sqlite3_result_blob64(context, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

/// A function of one value; of NULL it is NULL. What it throws is an error of the statement.
template <void (*Give)(sqlite3_context*, sqlite3_value*)>
void of_one(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(*values) == SQLITE_NULL) return sqlite3_result_null(context);
  try {
    Give(context, *values);
  } catch (const Error& error) {
    sqlite3_result_error(context, error.what(), -1);
  } catch (const std::exception&) {
    sqlite3_result_error_nomem(context);
  }
}

/// Texts are as an older format has them.
void uid_text(sqlite3_context* context, sqlite3_value* value) {
  const bool packed = sqlite3_value_type(value) == SQLITE_BLOB;
  give_text(context, packed ? unpacked_uid(view_of(value)) : std::string(view_of(value)));
}

void hex_of(sqlite3_context* context, sqlite3_value* value) {
  const bool packed = sqlite3_value_type(value) == SQLITE_BLOB;
  give_text(context, packed ? base::hex(view_of(value)) : std::string(view_of(value)));
}

void pack_uid(sqlite3_context* context, sqlite3_value* value) { give_bytes(context, packed_uid(view_of(value))); }
void bytes_of(sqlite3_context* context, sqlite3_value* value) { give_bytes(context, bytes_of_hex(view_of(value))); }
void folder_in(sqlite3_context* context, sqlite3_value* value) { give_text(context, parts_of(view_of(value)).folder); }
void name_in(sqlite3_context* context, sqlite3_value* value) { give_text(context, parts_of(view_of(value)).name); }

void stamp_of(sqlite3_context* context, int, sqlite3_value** values) {
  const Stamp stamp{sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]), sqlite3_value_int64(values[2])};
  sqlite3_result_int64(context, number_of(stamp));
}

struct Function {
  const char* name;
  int values;
  void (*call)(sqlite3_context*, int, sqlite3_value**);
};

constexpr std::array kFunctions{Function{"uid_text", 1, of_one<uid_text>},
                                Function{"hex_of", 1, of_one<hex_of>},
                                Function{"packed_uid", 1, of_one<pack_uid>},
                                Function{"bytes_of", 1, of_one<bytes_of>},
                                Function{"folder_of", 1, of_one<folder_in>},
                                Function{"name_of", 1, of_one<name_in>},
                                Function{"stamp_of", 3, stamp_of}};

}  // namespace

void add_functions(sqlite::Database& database) {
  // Innocuous: views may call them, though no schema is trusted.
  constexpr int kHow = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  for (const Function& function : kFunctions) {
    const int result = sqlite3_create_function_v2(database.handle(), function.name, function.values, kHow, nullptr,
                                                  function.call, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) database.fail(result);
  }
}

}  // namespace mi2::archive
