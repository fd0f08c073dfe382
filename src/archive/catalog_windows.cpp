// The catalog in SQLite: through which of several windows rows were seen, and which are of localisers.

#include <utility>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"
#include "archive/windows.hpp"

namespace mi2::archive {

std::string checked_window(std::string name) {
  if (name.empty() || is_window(name)) return name;
  throw Error(Code::kBadFile, "catalog: a row that was seen through no window that there is");
}

std::uint64_t checked_picture(const sqlite::Statement& row, int column) {
  const std::int64_t picture = row.integer(column);
  if (picture < 0) throw Error(Code::kBadFile, "catalog: a picture with a negative number");
  return static_cast<std::uint64_t>(picture);
}

std::uint64_t checked_row(const sqlite::Statement& row, int column) {
  const std::int64_t number = row.integer(column);
  if (number < 0) throw Error(Code::kBadFile, "catalog: a row with a negative number");
  return static_cast<std::uint64_t>(number);
}

std::string Catalog::window_of(std::uint64_t row_number) {
  sqlite::Statement& row = impl_->named("voi").bind(0, static_cast<std::int64_t>(row_number));
  std::string name = row.step() ? row.text(1) : std::string();
  row.reset();
  return checked_window(std::move(name));
}

void Catalog::each_window(const std::function<void(std::uint64_t, std::uint64_t)>& use) {
  sqlite::Statement& row = impl_->named("each_voi");
  while (row.step()) use(checked_row(row, 0), checked_picture(row, 1));
  row.reset();
}

std::vector<RowFacts> Catalog::frames_to_pool(Id series) {
  std::vector<RowFacts> rows;
  std::vector<RowFacts> localizers;
  sqlite::Statement& row = impl_->named("frames_to_pool").bind(0, series);
  while (row.step()) {
    RowFacts facts;
    facts.row = static_cast<std::uint64_t>(row.integer(0));
    facts.kind = RowFacts::Kind::kFrame;
    facts.crc = static_cast<std::uint32_t>(row.integer(1));
    facts.picture = checked_picture(row, 2);
    (row.integer(3) != 0 ? localizers : rows).push_back(facts);
  }
  row.reset();
  return rows.empty() ? localizers : rows;
}

std::int64_t Catalog::image_rows() { return single(impl_->named("image_rows")); }

}  // namespace mi2::archive
