// The catalog in SQLite: tiles of whole slides.

#include <cmath>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

/// @param first  the column of the level.
TileFacts tile_of(const sqlite::Statement& row, int first) {
  const auto whole = [&](int column) {
    const std::int64_t value = row.integer(first + column);
    if (value < 0) throw Error(Code::kBadFile, "catalog: a tile with a negative number");
    return static_cast<std::uint64_t>(value);
  };
  constexpr std::uint64_t kMostLevels = 1U << 16U;
  if (!std::isfinite(row.number(first + 5))) throw Error(Code::kBadFile, "catalog: a tile of no resolution");
  if (whole(0) > kMostLevels) throw Error(Code::kBadFile, "catalog: a tile of a level that no slide has");
  TileFacts tile;
  tile.place.level = static_cast<unsigned>(whole(0));
  tile.place.x = whole(1);
  tile.place.y = whole(2);
  tile.place.width = whole(3);
  tile.place.height = whole(4);
  tile.place.mpp = row.number(first + 5);
  tile.read_width = whole(6);
  tile.read_height = whole(7);
  return tile;
}

}  // namespace

void Catalog::add_tile(std::uint64_t row, const TileFacts& tile) {
  impl_->named("add_tile")
      .bind(0, static_cast<std::int64_t>(row))
      .bind(1, static_cast<std::int64_t>(tile.place.level))
      .bind(2, static_cast<std::int64_t>(tile.place.x))
      .bind(3, static_cast<std::int64_t>(tile.place.y))
      .bind(4, static_cast<std::int64_t>(tile.place.width))
      .bind(5, static_cast<std::int64_t>(tile.place.height))
      .bind(6, std::isfinite(tile.place.mpp) ? tile.place.mpp : 0)
      .bind(7, static_cast<std::int64_t>(tile.read_width))
      .bind(8, static_cast<std::int64_t>(tile.read_height))
      .run();
}

std::optional<TileFacts> Catalog::tile(std::uint64_t row_number) {
  sqlite::Statement& row = impl_->named("tile").bind(0, static_cast<std::int64_t>(row_number));
  std::optional<TileFacts> found;
  if (row.step()) found = tile_of(row, 0);
  row.reset();
  return found;
}

void Catalog::each_tile(const std::function<void(std::uint64_t)>& use) {
  sqlite::Statement& row = impl_->named("tile_rows");
  while (row.step()) use(checked_row(row, 0));
  row.reset();
}

std::vector<FrameTile> Catalog::tiles_of(Id instance) {
  std::vector<FrameTile> found;
  const std::optional<Id> series = series_of(instance);
  sqlite::Statement& row =
      impl_->named("tiles_of").bind(0, instance).bind_or_null(1, series).bind(2, run_owner(instance, series));
  while (row.step()) {
    if (row.integer(0) < 0) throw Error(Code::kBadFile, "catalog: a frame with a negative number");
    FrameTile& frame = found.emplace_back(FrameTile{static_cast<std::uint64_t>(row.integer(0)), {}, {}});
    if (!row.is_null(1)) frame.tile = tile_of(row, 1);
    frame.window = checked_window(row.text(9));
  }
  row.reset();
  return found;
}

std::int64_t Catalog::tiles() { return single(impl_->named("count_tiles")); }

std::string Catalog::tiling(std::string_view url) {
  sqlite::Statement& row = impl_->named("tiling").bind(0, url);
  std::string choice = row.step() ? row.text(0) : std::string();
  row.reset();
  return choice;
}

void Catalog::set_tiling(Id source, std::string_view choice) {
  if (choice.empty()) {
    impl_->named("forget_tiling").bind(0, source).run();
  } else {
    impl_->named("set_tiling").bind(0, source).bind(1, choice).run();
  }
}

}  // namespace mi2::archive
