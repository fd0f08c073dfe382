// The catalog in SQLite: what is known of the objects of a server.

#include "archive/catalog_impl.hpp"

namespace mi2::archive {

std::uint64_t Catalog::settled_below(std::string_view locator, std::string_view slices) {
  return static_cast<std::uint64_t>(single(impl_->named("settled_below").bind(0, locator).bind(1, slices)));
}

bool Catalog::settled(std::string_view locator, std::string_view slices) {
  sqlite::Statement& row = impl_->named("settled").bind(0, locator).bind(1, slices);
  impl_->bind_place(row, 2, locator);
  return single(row) != 0;
}

std::uint64_t Catalog::settled_of_study(std::string_view study, std::string_view series, std::string_view locator,
                                        std::string_view slices) {
  sqlite::Statement& row = impl_->named("settled_of_study");
  return static_cast<std::uint64_t>(single(row.bind(0, study).bind(1, series).bind(2, locator).bind(3, slices)));
}

std::vector<std::string> Catalog::refused_below(std::string_view locator) {
  std::vector<std::string> found;
  sqlite::Statement& row = impl_->named("refused_below").bind(0, locator);
  while (row.step()) found.push_back(row.text(0));
  row.reset();
  return found;
}

void Catalog::forget_refused(std::string_view locator) { impl_->named("forget_refused").bind(0, locator).run(); }

std::optional<Id> Catalog::find_source(std::string_view url) {
  const Id found = single(impl_->named("find_source").bind(0, url));
  return found == 0 ? std::nullopt : std::optional(found);
}

void Catalog::drop_source(Id source) {
  for (const std::string_view statement : {"detach_lots", "drop_tiling", "drop_source"}) {
    impl_->named(statement).bind(0, source).run();
  }
}

std::string Catalog::cursor(std::string_view url) {
  sqlite::Statement& row = impl_->named("cursor").bind(0, url);
  std::string cursor = row.step() ? row.text(0) : std::string();
  row.reset();
  return cursor;
}

void Catalog::set_cursor(std::string_view url, std::string_view cursor) {
  impl_->named("set_cursor").bind(0, cursor).bind(1, url).run();
}

std::string Catalog::last_error(std::string_view url) {
  sqlite::Statement& row = impl_->named("last_error").bind(0, url);
  std::string what = row.step() ? row.text(0) : std::string();
  row.reset();
  return what;
}

void Catalog::set_last_error(std::string_view url, std::string_view what) {
  impl_->named("set_last_error").bind_or_null(0, what).bind(1, url).run();
}

std::vector<SourceFacts> Catalog::sources() {
  std::vector<SourceFacts> found;
  sqlite::Statement& row = impl_->named("each_source");
  while (row.step()) {
    found.push_back({row.integer(0), row.text(1), row.text(2), row.integer(3), row.text(4), row.text(5)});
  }
  row.reset();
  return found;
}

}  // namespace mi2::archive
