// Catalogs of older formats: read as they are, and brought up to date by who writes.

#include <algorithm>
#include <array>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

/// Formats before the newest, the oldest first.
constexpr std::array<std::string_view, 5> kOlder{"1", "2", "3", "4", "5"};

}  // namespace

bool is_older_format(std::string_view format) {
  return std::find(kOlder.begin(), kOlder.end(), format) != kOlder.end();
}

bool is_before_4(std::string_view format) { return is_older_format(format) && format < "4"; }

void read_older_format(sqlite::Database& database, std::string_view format) {
  database.execute("PRAGMA query_only = OFF; PRAGMA temp_store = MEMORY");
  if (format == "1") database.execute(sql_named("without_thumbs"));
  if (format == "1" || format == "2") database.execute(sql_named("without_pixels"));
  if (is_before_4(format)) database.execute(sql_named("as_format_4"));
  if (format != "5") database.execute(sql_named("without_tiles"));
  database.execute(sql_named("without_voi"));
  database.execute(sql_named("labels_of_format_6"));
  database.execute("PRAGMA query_only = ON");
}

void convert_older_format(sqlite::Database& database) {
  // While tables change places nothing refers to what it will; and neither can be set inside of a transaction.
  database.execute("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN IMMEDIATE");
  try {
    sqlite::Statement& meta = database.named("meta").bind(0, std::string_view("format"));
    const std::string format = meta.step() ? meta.text(0) : std::string();
    meta.reset();
    if (is_older_format(format)) {
      if (format == "1") database.execute(sql_text("thumbs"));
      if (format == "1" || format == "2") database.execute(sql_text("pixels"));
      if (is_before_4(format)) {
        for (const std::string_view part : {sql_named("set_aside"), sql_text("objects"), sql_named("carry_over")}) {
          database.execute(part);
        }
      }
      if (format != "5") database.execute(sql_text("tiles"));
      for (const std::string_view part :
           {sql_text("voi"), sql_named("set_labels_aside"), sql_text("label"), sql_named("carry_labels")}) {
        database.execute(part);
      }
      database.named("set_meta").bind(0, std::string_view("format")).bind(1, kCatalogFormat).run();
    }
    database.execute("COMMIT");
  } catch (...) {
    sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);  // after some failures it was done already
    throw;
  }
  database.execute("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON");
}

}  // namespace mi2::archive
