// The catalog in SQLite: where thumbnails are.

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

Thumb thumb_of(const sqlite::Statement& row) {
  for (int column = 0; column < 4; ++column) {
    if (row.integer(column) < 0) throw Error(Code::kBadFile, "catalog: a thumbnail with a negative number");
  }
  return {static_cast<std::uint64_t>(row.integer(0)), static_cast<std::uint64_t>(row.integer(1)),
          static_cast<std::uint64_t>(row.integer(2)), static_cast<std::uint32_t>(row.integer(3))};
}

}  // namespace

bool Catalog::has_thumb(std::uint64_t row_number) {
  sqlite::Statement& row = impl_->named("has_thumb").bind(0, static_cast<std::int64_t>(row_number));
  const bool found = row.step() && row.integer(0) != 0;
  row.reset();
  return found;
}

std::optional<Thumb> Catalog::thumb(std::uint64_t row_number) {
  const auto of_frame = [this](std::uint64_t number) {
    sqlite::Statement& row = impl_->named("thumb").bind(0, static_cast<std::int64_t>(number));
    const std::optional<Thumb> found = row.step() ? std::optional(thumb_of(row)) : std::nullopt;
    row.reset();
    return found;
  };
  if (const std::optional<Thumb> found = of_frame(row_number)) return found;
  const std::optional<ItemFacts> item = this->item(row_number);
  if (!item || item->kind != "series" || !item->thumb) return std::nullopt;
  const std::vector<RowFacts> slices = frames_of(item->series);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (const std::optional<Thumb> found = of_frame(slices[(slices.size() / 2 + i) % slices.size()].row)) return found;
  }
  return std::nullopt;
}

void Catalog::each_thumb(const std::function<void(const Thumb&)>& use) {
  sqlite::Statement& row = impl_->named("each_thumb");
  while (row.step()) use(thumb_of(row));
  row.reset();
}

std::int64_t Catalog::thumbs() { return single(impl_->named("count_thumbs")); }

std::uint64_t Catalog::thumbs_end(std::uint64_t first, std::uint64_t end) {
  const std::int64_t found = single(
      impl_->named("thumbs_end").bind(0, static_cast<std::int64_t>(first)).bind(1, static_cast<std::int64_t>(end)));
  if (found < 0) throw Error(Code::kBadFile, "catalog: a thumbnail with a negative number");
  return static_cast<std::uint64_t>(found);
}

std::vector<Thumb> Catalog::erasing_thumbs() {
  std::vector<Thumb> thumbs;
  sqlite::Statement& row = impl_->named("erasing_thumbs");
  while (row.step()) thumbs.push_back(thumb_of(row));
  row.reset();
  return thumbs;
}

void Catalog::drop_thumb(std::uint64_t row) {
  impl_->named("drop_thumb").bind(0, static_cast<std::int64_t>(row)).run();
}

}  // namespace mi2::archive
