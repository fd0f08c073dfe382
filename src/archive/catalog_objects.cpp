// The catalog in SQLite: objects as two archives have them.

#include <utility>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {

std::vector<LiveObject> Catalog::live_objects() {
  std::vector<LiveObject> objects;
  sqlite::Statement& row = impl_->named("live_objects");
  while (row.step()) objects.push_back({row.integer(0), row.integer(1)});
  row.reset();
  return objects;
}

std::optional<ArchivedObject> Catalog::object(Id instance, bool frames) {
  sqlite::Statement& row = impl_->named("object").bind(0, instance);
  std::optional<ArchivedObject> found;
  if (row.step()) {
    found.emplace();
    found->id = instance;
    found->sop_uid = row.text(0);
    found->locator = row.text(1);
    found->sha256 = row.text(2);
    found->site = row.text(3);
    found->hashed = row.integer(4) != 0;
    found->identified = row.integer(5) != 0;
    found->source_kind = row.text(6);
    found->source_url = row.text(7);
  }
  row.reset();
  if (!found) return found;
  found->file = file(found->locator);
  if (found->file && found->file->instance != instance) found->file.reset();
  if (!frames) return found;
  for (FrameTile& frame : tiles_of(instance)) {
    if (!found->frames.empty() && found->frames.back() == frame.frame && !frame.tile) continue;  // another window of it
    found->frames.push_back(frame.frame);
    if (frame.tile) found->tiles.push_back(*frame.tile);
  }
  // An object is added by tiles or by frames: of one that is neither nobody says what is to be read.
  if (!found->tiles.empty() && found->tiles.size() != found->frames.size()) {
    throw Error(Code::kBadFile, "catalog: an object with tiles and other frames");
  }
  return found;
}

std::optional<StoredInstance> Catalog::same_object(const ArchivedObject& object) {
  if (!object.sop_uid.empty()) {
    std::optional<StoredInstance> found = instance_of(object.sop_uid);
    if (found && found->sha256 != object.sha256) found.reset();
    return found;
  }
  const std::optional<KnownFile> known = file(object.locator);
  const bool same = known && known->instance && known->outcome == "stored" && known->sha256 == object.sha256;
  if (!same) return std::nullopt;
  return StoredInstance{*known->instance, object.locator, object.sha256};
}

void Catalog::each_image(const std::function<void(const ImageName&)>& use) {
  sqlite::Statement& row = impl_->named("each_image");
  while (row.step()) {
    use({checked_row(row, 0), row.text(1), row.text(2), row.text(3), row.integer(4), checked_window(row.text(5))});
  }
  row.reset();
}

}  // namespace mi2::archive
