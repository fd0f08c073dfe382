// The catalog in SQLite: what is wrong with it.

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {

std::vector<std::string> Catalog::problems() {
  std::vector<std::string> found;
  sqlite::Statement check(impl_->database, "PRAGMA integrity_check(20)");
  while (check.step()) {
    if (check.text(0) != "ok") found.push_back(check.text(0));
  }
  sqlite::Statement keys(impl_->database, "PRAGMA foreign_key_check");
  while (keys.step() && found.size() < 40) {
    found.push_back(fmt::format("a row of table {} refers to one of {} that is not there", keys.text(0), keys.text(2)));
  }
  const auto lost = [&](std::string_view what, std::string_view from, std::string_view of) {
    if (single(impl_->named(what)) == 0) return;
    found.push_back(fmt::format("a row of table {} refers to one of {} that is not there", from, of));
  };
  lost("lost_instances", "item", "instance");
  lost("lost_series", "item", "series");
  lost("series_of_none", "instance", "series");
  if (!impl_->older) lost("outside_of_runs", "item", "run");
  try {
    static_cast<void>(single(impl_->named("all_uids")));
  } catch (const Error& error) {
    if (error.code() != Code::kBadFile) throw;
    found.emplace_back(error.what());
  }
  if (single(impl_->named("repeated_frames")) > 0) found.emplace_back("two images are of one frame");
  if (single(impl_->named("bad_frames")) > 0) found.emplace_back("an image has a frame's number that none has");
  const auto counted = [&](std::string_view what, std::string_view is_wrong) {
    const std::int64_t rows = single(impl_->named(what));
    if (rows > 0) found.push_back(fmt::format("{} {}", rows, is_wrong));
  };
  counted("stray_pixels", "hashes of pixels are of what is no image");
  counted("stray_tiles", "tiles of slides are of what is no image");
  counted("bad_tiles", "tiles of slides lie where no slide is");
  counted("stray_labels", "labels are of what is not there any more");
  counted("stray_voi", "windows are of what is no image");
  counted("stray_localizers", "localisers are of what is no image");
  counted("bad_voi", "rows were seen through no window that there is");
  if (single(impl_->named("mixed_pictures")) > 0 || single(impl_->named("parted_pictures")) > 0 ||
      single(impl_->named("strange_pictures")) > 0) {
    found.emplace_back("rows of one picture are not of one frame");
  }
  if (single(impl_->named("half_seen")) > 0) {
    found.emplace_back("of one frame some rows were seen through one of several windows, and others not");
  }
  return found;
}

}  // namespace mi2::archive
