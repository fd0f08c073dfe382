// The catalog in SQLite: what is said of rows, objects, series and studies.

#include <array>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"
#include "archive/format.hpp"

namespace mi2::archive {
namespace {

/// Columns of the table, in the order of LabelOf.
constexpr std::array<std::string_view, 4> kLabelColumns{"item", "instance", "series", "study"};

std::optional<double> label_score(const sqlite::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.number(column));
}

std::uint64_t labelled_row(const sqlite::Statement& row, int column) {
  if (row.integer(column) < 0) throw Error(Code::kBadFile, "catalog: a label of a row with a negative number");
  return static_cast<std::uint64_t>(row.integer(column));
}

std::optional<std::int64_t> known_id(Id id) { return id == 0 ? std::nullopt : std::optional<std::int64_t>(id); }

std::vector<Id> ids_in(sqlite::Statement& row) {
  std::vector<Id> found;
  while (row.step()) found.push_back(row.integer(0));
  row.reset();
  return found;
}

}  // namespace

std::vector<Id> Catalog::ids_of(std::string_view name, std::string_view text) {
  return ids_in(impl_->named(name).bind(0, text));
}

std::vector<Id> Catalog::live_studies(std::string_view uid) { return ids_of("live_studies", uid); }
std::vector<Id> Catalog::live_series(std::string_view uid) { return ids_of("live_series", uid); }

std::vector<Id> Catalog::rows_of_frame(std::uint64_t row) {
  return ids_in(impl_->named("rows_of_frame").bind(0, static_cast<std::int64_t>(row)));
}

std::optional<Id> Catalog::series_of_mean(std::uint64_t row) {
  const Id series = single(impl_->named("series_of_mean").bind(0, static_cast<std::int64_t>(row)));
  return series == 0 ? std::nullopt : std::optional(series);
}

std::vector<Id> Catalog::objects_at(std::string_view locator) {
  sqlite::Statement& row = impl_->named("objects_at");
  impl_->bind_place(row, 0, locator);
  return ids_in(row);
}

void Catalog::each_place(const std::function<void(Id, std::string)>& use) {
  sqlite::Statement& row = impl_->named("each_place");
  while (row.step()) use(row.integer(0), row.text(1));
  row.reset();
}

std::optional<StoredLabel> Catalog::label(LabelOf of, Id thing, std::string_view key, std::string_view by) {
  const std::string name = fmt::format("label_of_{}", kLabelColumns[static_cast<std::size_t>(of)]);
  sqlite::Statement& row = impl_->named(name).bind(0, thing).bind(1, key).bind(2, by);
  std::optional<StoredLabel> found;
  if (row.step()) found = StoredLabel{row.integer(0), row.text(1), label_score(row, 2)};
  row.reset();
  return found;
}

void Catalog::add_label(LabelOf of, Id thing, const ItemLabel& label) {
  sqlite::Statement& add = impl_->named("add_label");
  // Row 0 is a row.
  add.bind(static_cast<int>(of), thing);
  add.bind(4, std::string_view(label.key))
      .bind(5, std::string_view(label.value))
      .bind(6, std::string_view(label.by))
      .bind_or_null(7, label.score)
      .bind(8, now_text())
      .run();
}

void Catalog::change_label(Id label, std::string_view value, std::optional<double> score) {
  impl_->named("change_label").bind(0, value).bind_or_null(1, score).bind(2, now_text()).bind(3, label).run();
}

void Catalog::drop_label(Id label) { impl_->named("drop_label").bind(0, label).run(); }

void Catalog::each_label(const std::function<void(const NamedLabel&)>& use) {
  sqlite::Statement& row = impl_->named("each_label");
  while (row.step()) {
    NamedLabel label;
    if (!row.is_null(0)) label.row = labelled_row(row, 0);
    if (!row.is_null(1)) label.object = row.integer(1);
    label.series_uid = row.text(2);
    label.study_uid = row.text(3);
    label.key = row.text(4);
    label.value = row.text(5);
    label.by = row.text(6);
    label.score = label_score(row, 7);
    use(label);
  }
  row.reset();
}

void Catalog::each_label_value(std::string_view key, const std::function<void(std::uint64_t, std::string)>& use) {
  sqlite::Statement& row = impl_->named("each_label_value").bind(0, key);
  while (row.step()) use(labelled_row(row, 0), row.text(1));
  row.reset();
}

std::vector<ItemLabel> Catalog::labels_around(const ItemFacts& item) {
  sqlite::Statement& row = impl_->named("labels_around")
                               .bind(0, static_cast<std::int64_t>(item.row))
                               .bind_or_null(1, known_id(item.instance))
                               .bind_or_null(2, known_id(item.series))
                               .bind_or_null(3, known_id(item.study));
  std::vector<ItemLabel> labels;
  while (row.step()) {
    labels.push_back(
        {static_cast<LabelOf>(row.integer(0)), row.text(1), row.text(2), row.text(3), label_score(row, 4)});
  }
  row.reset();
  return labels;
}

std::vector<Id> Catalog::labels_with(std::string_view key, std::string_view by, const filter::Expr* where) {
  std::array<std::unordered_set<Id>, kLabelColumns.size()> chosen;
  if (where != nullptr) {
    each_row(where, [&](const RowFacts& row) {
      if (!row.allowed || row.deleted || row.kind != RowFacts::Kind::kFrame) return;
      chosen[0].insert(static_cast<Id>(row.row));
      chosen[1].insert(row.instance);
      chosen[2].insert(row.series);
      chosen[3].insert(row.study);
    });
  }
  std::vector<Id> found;
  sqlite::Statement& row = impl_->named("labels_of_key").bind(0, key).bind_or_null(1, by);
  while (row.step()) {
    bool wanted = where == nullptr;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const int column = static_cast<int>(i) + 1;
      wanted = wanted || (!row.is_null(column) && chosen[i].contains(row.integer(column)));
    }
    if (wanted) found.push_back(row.integer(0));
  }
  row.reset();
  return found;
}

void Catalog::forget_labels_of_gone() {
  impl_->named("forget_labels_of_series").run();
  impl_->named("forget_labels_of_studies").run();
}

}  // namespace mi2::archive
