// The catalog in SQLite: objects' files, and where they lie.

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

/// What many objects have in common.
struct Lot {
  std::int64_t frames = 1;
  std::string sop_class, transfer_syntax;
  std::optional<Id> source;
  std::string slices;
};

Id lot_id(sqlite::Database& database, const Lot& lot) {
  const auto bound = [&](std::string_view name) -> sqlite::Statement& {
    return database.named(name)
        .bind(0, lot.frames)
        .bind_or_null(1, lot.sop_class)
        .bind_or_null(2, lot.transfer_syntax)
        .bind_or_null(3, lot.source)
        .bind(4, lot.slices);
  };
  if (const Id known = single(bound("find_lot")); known != 0) return known;
  bound("add_lot").run();
  return database.last_id();
}

Lot lot_of(sqlite::Database& database, Id instance) {
  Lot lot;
  sqlite::Statement& row = database.named("lot_of").bind(0, instance);
  if (row.step()) {
    lot = {row.integer(0), row.text(1), row.text(2), std::nullopt, row.text(4)};
    if (!row.is_null(3)) lot.source = row.integer(3);
  }
  row.reset();
  return lot;
}

Id folder_id(sqlite::Database& database, std::string_view path) {
  if (const Id known = single(database.named("find_folder").bind(0, path)); known != 0) return known;
  database.named("add_folder").bind(0, path).run();
  return database.last_id();
}

/// Folders that an object's files are in.
std::vector<Id> folders_of(sqlite::Database& database, Id instance) {
  std::vector<Id> folders;
  sqlite::Statement& row = database.named("folders_of").bind(0, instance);
  while (row.step()) folders.push_back(row.integer(0));
  row.reset();
  return folders;
}

/// A statement over the live rows of an object, bound.
sqlite::Statement& bound_to(sqlite::Database& database, Id instance, std::optional<Id> series, std::string_view name) {
  return database.named(name).bind(0, instance).bind_or_null(1, series).bind(2, run_owner(instance, series));
}

}  // namespace

std::optional<KnownFile> Catalog::file(std::string_view locator) {
  sqlite::Statement& row = impl_->named("file");
  impl_->bind_place(row, 0, locator);
  std::optional<KnownFile> found;
  if (row.step()) {
    found.emplace();
    found->stamp = row.integer(0);
    found->sha256 = row.text(1);
    if (!row.is_null(2)) found->instance = row.integer(2);
    found->outcome = row.text(3);
    found->slices = row.text(4);
    found->sop_class = row.text(5);
  }
  row.reset();
  return found;
}

std::int64_t Catalog::live_images(Id instance) {
  return single(bound_to(impl_->database, instance, series_of(instance), "live_images"));
}

std::vector<LiveFrame> Catalog::live_frames(Id instance) {
  std::vector<LiveFrame> frames;
  sqlite::Statement& row = bound_to(impl_->database, instance, series_of(instance), "live_frames");
  while (row.step()) {
    frames.push_back({row.integer(0), checked_window(row.text(1)), checked_picture(row, 2)});
  }
  row.reset();
  return frames;
}

std::vector<LiveRow> Catalog::rows_of(Id instance) {
  std::vector<LiveRow> rows;
  sqlite::Statement& row = bound_to(impl_->database, instance, series_of(instance), "rows_of");
  while (row.step()) {
    rows.push_back(
        {static_cast<std::uint64_t>(row.integer(0)), row.integer(1), static_cast<std::uint32_t>(row.integer(2))});
  }
  row.reset();
  return rows;
}

Id Catalog::instance(const InstanceFacts& facts, std::optional<Id> series, std::optional<Id> source) {
  sqlite::Database& database = impl_->database;
  const LocatorParts place = parts_of(facts.locator);
  const Id lot = lot_id(database, {facts.frames, facts.sop_class, facts.transfer_syntax, source, facts.slices});
  const Id folder = folder_id(database, place.folder);
  sqlite::Statement& add = impl_->named("add_instance");
  if (!facts.sop_uid.empty()) add.bind_bytes(0, packed_uid(facts.sop_uid));
  add.bind_or_null(1, series)
      .bind_or_null(2, facts.number)
      .bind(3, lot)
      .bind(4, folder)
      .bind(5, place.name)
      .bind(6, facts.stamp)
      .bind_bytes(7, bytes_of_hex(facts.sha256))
      .run();
  return database.last_id();
}

void Catalog::put_file(std::string_view locator, const KnownFile& file) {
  sqlite::Database& database = impl_->database;
  const LocatorParts place = parts_of(locator);
  const Id folder = folder_id(database, place.folder);
  const std::string sha256 = bytes_of_hex(file.sha256);
  const auto at_place = [&](std::string_view name) -> sqlite::Statement& {
    return database.named(name).bind(0, folder).bind(1, place.name);
  };
  const Id instance = file.instance.value_or(0);
  const bool own = file.outcome == "stored" && single(at_place("is_place_of").bind(2, instance)) != 0;
  // Of one place one thing is known.
  at_place("forget_own").bind(2, own ? instance : 0).run();
  if (own) {
    at_place("forget_file").run();
    Lot lot = lot_of(database, instance);
    lot.slices = file.slices;
    const Id id = lot_id(database, lot);
    database.named("keep_own").bind(0, file.stamp).bind_bytes(1, sha256).bind(2, id).bind(3, instance).run();
    return;
  }
  at_place("put_file")
      .bind(2, file.stamp)
      .bind_bytes(3, sha256)
      .bind_or_null(4, file.instance)
      .bind(5, file.outcome)
      .bind(6, file.slices)
      .run();
}

void Catalog::forget_files(Id instance) {
  const std::vector<Id> folders = folders_of(impl_->database, instance);
  impl_->named("forget_files").bind(0, instance).run();
  impl_->named("forget_stamp").bind(0, instance).run();
  for (const Id folder : folders) impl_->named("drop_folder").bind(0, folder).run();
}

void Catalog::move_instance(Id instance, std::string_view locator) {
  const std::vector<Id> folders = folders_of(impl_->database, instance);
  const LocatorParts place = parts_of(locator);
  const Id folder = folder_id(impl_->database, place.folder);
  impl_->named("move_instance").bind(0, folder).bind(1, place.name).bind(2, instance).run();
  forget_files(instance);
  // A path may tell of a patient: none stays without a file.
  for (const Id left : folders) impl_->named("drop_folder").bind(0, left).run();
}

void Catalog::forget_conflicts() {
  impl_->named("forget_conflicts").run();
  impl_->named("drop_folders").run();
}

}  // namespace mi2::archive
