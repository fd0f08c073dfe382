// The catalog in SQLite: what erases, copies and tidies it.

#include <fmt/format.h>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {

void Catalog::mark_erasing() { impl_->named("mark_erasing").run(); }

std::int64_t Catalog::removed() { return single(impl_->named("removed")); }

std::int64_t Catalog::version() {
  sqlite::Statement version(impl_->database, "PRAGMA data_version");
  return version.step() ? version.integer(0) : 0;
}

std::uint64_t Catalog::unused_bytes() {
  sqlite::Statement pages(impl_->database, "PRAGMA freelist_count");
  sqlite::Statement size(impl_->database, "PRAGMA page_size");
  return static_cast<std::uint64_t>(single(pages)) * static_cast<std::uint64_t>(single(size));
}

std::vector<std::uint64_t> Catalog::erasing() {
  std::vector<std::uint64_t> rows;
  sqlite::Statement& row = impl_->named("erasing");
  while (row.step()) rows.push_back(static_cast<std::uint64_t>(row.integer(0)));
  row.reset();
  return rows;
}

void Catalog::finish_erasing(std::uint32_t crc) {
  sqlite::Statement set(impl_->database, "UPDATE item SET crc32c = ? WHERE kind = 'erasing'");
  set.bind(0, static_cast<std::int64_t>(crc)).run();
  impl_->database.execute(sql_text("erase"));
}

void Catalog::copy_to(const std::filesystem::path& file) {
  sqlite::Database copy(file, sqlite::Database::Mode::kCreate);
  sqlite3_backup* const backup = sqlite3_backup_init(copy.handle(), "main", impl_->database.handle(), "main");
  if (backup == nullptr) copy.fail(sqlite3_errcode(copy.handle()));
  const int copied = sqlite3_backup_step(backup, -1);  // all pages, in one snapshot
  sqlite3_backup_finish(backup);
  if (copied != SQLITE_DONE) copy.fail(copied);
}

void Catalog::vacuum() { impl_->database.execute("VACUUM"); }

bool Catalog::scrub() {
  vacuum();
  return empty_log();
}

bool Catalog::empty_log(bool waits) {
  if (!waits) impl_->database.execute("PRAGMA busy_timeout = 0");
  sqlite::Statement checkpoint(impl_->database, "PRAGMA wal_checkpoint(TRUNCATE)");
  return checkpoint.step() && checkpoint.integer(0) == 0;
}

Catalog::Scrub Catalog::scrub_due() {
  sqlite::Statement note(impl_->database, "PRAGMA user_version");
  const std::int64_t value = single(note);
  return value == 0 ? Scrub::kNone : value == 1 ? Scrub::kLog : Scrub::kAll;
}

void Catalog::note_scrub(Scrub due) {
  impl_->database.execute(fmt::format("PRAGMA user_version = {}", static_cast<int>(due)));
}

void Catalog::drop_row(std::uint64_t row, std::int64_t seq) {
  impl_->named("forget_row_labels").bind(0, static_cast<std::int64_t>(row)).run();
  impl_->named("drop_row").bind(0, seq).bind(1, static_cast<std::int64_t>(row)).run();
}

}  // namespace mi2::archive
