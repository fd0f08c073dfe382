// The catalog in SQLite: what searches and upkeep ask.

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

/// Of labels those of the item itself, of its object, its series and its study count. The plus keeps the index of keys
/// from being used in place of those of things: one key may have as many labels as there are images.
constexpr std::string_view kAroundLabel =
    "EXISTS (SELECT 1 FROM label WHERE (label.item = item.id OR label.instance = item.instance"
    " OR label.series = item.series OR label.study = series.study) AND +label.key = ? AND @)";

/// Tiles of a slide are no slices: there are thousands of one series, and counting them for each would take for ever.
constexpr std::string_view kSlices =
    "(CASE WHEN EXISTS (SELECT 1 FROM tile WHERE tile.item = item.id) THEN NULL ELSE"
    " (SELECT count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM run"
    " CROSS JOIN item AS other ON other.id BETWEEN run.first AND run.last AND other.series = run.owner"
    " LEFT JOIN voi ON voi.item = other.id WHERE run.owner = item.series AND other.kind IS NULL"
    " AND other.deleted_seq IS NULL) END)";

/// Of a format with an index in place of runs.
constexpr std::string_view kOlderSlices =
    "(SELECT count(*) FROM item AS other WHERE other.series = item.series AND other.kind IS NULL"
    " AND other.deleted_seq IS NULL)";

/// In SQL that PostgreSQL understands too, `image`, `slices` and `label` aside.
constexpr std::array kColumns{
    filter::Column{"modality", "series.modality"},
    filter::Column{"body_part", "series.body_part"},
    filter::Column{"laterality", "series.laterality"},
    filter::Column{"plane", "series.plane"},
    filter::Column{"protocol", "series.protocol"},
    filter::Column{"study_description", "study.description"},
    filter::Column{"series_description", "series.description"},
    filter::Column{"contrast", "series.contrast"},
    filter::Column{"kernel", "series.kernel"},
    filter::Column{"image_type", "series.image_type"},
    filter::Column{"manufacturer", "series.manufacturer"},
    filter::Column{"model", "series.model"},
    filter::Column{"station", "series.station"},
    filter::Column{"software", "series.software"},
    filter::Column{"field_strength", "series.field_strength"},
    filter::Column{"kvp", "series.kvp"},
    filter::Column{"thickness", "series.thickness"},
    filter::Column{"slices", kSlices},
    filter::Column{"date", "study.date"},
    filter::Column{"site", "study.site"},
    filter::Column{"sex", "patient.sex"},
    filter::Column{"birth_year", "patient.birth_year"},
    filter::Column{"study", "study.uid"},
    filter::Column{"series", "series.uid"},
    filter::Column{"image", "uid_text(instance.sop_uid)"},
    filter::Column{"path", "((SELECT folder.path FROM folder WHERE folder.id = instance.folder) || instance.name)"},
    filter::Column{"kind", "coalesce(item.kind, 'frame')"},
    filter::Column{"frame", "(item.frame + 1)"},
    filter::Column{"position", "item.position"},
    filter::Column{"source", "(SELECT lot.source FROM lot WHERE lot.id = instance.lot)"},
    filter::Column{"label", "label.value", kAroundLabel},
};

/// A statement with a condition in place of its "@", bound.
sqlite::Statement filtered(sqlite::Database& database, std::string sql, const std::string& condition,
                           std::span<const filter::Parameter> parameters) {
  sql.replace(sql.find('@'), 1, condition);
  sqlite::Statement statement(database, sql);
  for (int i = 0; const filter::Parameter& parameter : parameters) {
    if (const auto* text = std::get_if<std::string>(&parameter)) {
      statement.bind(i++, std::string_view(*text));
    } else {
      statement.bind(i++, std::get<double>(parameter));
    }
  }
  return statement;
}

/// `catalog`: Catalog::Impl, which is named by its members alone.
filter::Bound bound_of(const auto& catalog, const filter::Expr* filter) {
  if (filter == nullptr) return {"1", {}};
  if (!catalog.older) return filter::bind(*filter, kColumns);
  auto columns = kColumns;
  const auto slices =
      std::find_if(columns.begin(), columns.end(), [](const auto& one) { return one.field == "slices"; });
  slices->value = kOlderSlices;
  return filter::bind(*filter, columns);
}

/// SQL of a field's value.
std::string_view facet_value(std::string_view by) {
  if (by == "month") return "substr(study.date, 1, 7)";
  const auto* column =
      std::find_if(kColumns.begin(), kColumns.end(), [&](const filter::Column& c) { return c.field == by; });
  if (column == kColumns.end()) throw Error(Code::kInternal, fmt::format("catalog: no field {}", by));
  return column->value;
}

RowFacts::Kind kind_of(const std::string& kind) {
  if (kind.empty()) return RowFacts::Kind::kFrame;
  return kind == "series" ? RowFacts::Kind::kSeries : RowFacts::Kind::kGone;
}

}  // namespace

std::span<const filter::Column> catalog_columns() { return kColumns; }

std::int64_t frame_from_1(std::int64_t from_0) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (from_0 < 0 || from_0 > kMost) throw Error(Code::kBadFile, "catalog: a frame with a number that none has");
  return from_0 + 1;
}

void Catalog::each_row(const filter::Expr* filter, const std::function<void(const RowFacts&)>& use) {
  const filter::Bound bound = bound_of(*impl_, filter);
  sqlite::Statement row = filtered(impl_->database, std::string(sql_named("each_row")), bound.sql, bound.parameters);
  while (row.step()) {
    RowFacts facts;
    facts.row = checked_row(row, 0);
    facts.picture = facts.row;
    facts.kind = kind_of(row.text(1));
    facts.deleted = !row.is_null(2);
    facts.removed = facts.deleted ? row.integer(2) : 0;
    facts.crc = static_cast<std::uint32_t>(row.integer(3));
    facts.instance = row.integer(4);
    facts.series = row.integer(5);
    facts.study = row.integer(6);
    facts.patient = row.integer(7);
    facts.allowed = row.integer(8) != 0;
    facts.added = row.integer(9);
    use(facts);
  }
}

void Catalog::each_allowed(const filter::Expr& filter, const std::function<void(std::uint64_t)>& use) {
  const filter::Bound bound = bound_of(*impl_, &filter);
  sqlite::Statement row =
      filtered(impl_->database, std::string(sql_named("each_allowed")), bound.sql, bound.parameters);
  while (row.step()) use(static_cast<std::uint64_t>(row.integer(0)));
}

bool Catalog::allows(std::uint64_t number, const filter::Expr& filter) {
  const filter::Bound bound = bound_of(*impl_, &filter);
  sqlite::Statement row = filtered(impl_->database, std::string(sql_named("allows")), bound.sql, bound.parameters);
  row.bind(static_cast<int>(bound.parameters.size()), static_cast<std::int64_t>(number));
  return row.step() && row.integer(0) != 0;
}

void Catalog::each_value(std::string_view field, const std::function<void(std::uint64_t, std::string)>& use) {
  std::string sql(sql_named("each_value"));
  sql.replace(sql.find('#'), 1, facet_value(field));
  sqlite::Statement row(impl_->database, sql);
  while (row.step()) {
    if (!row.is_null(1)) use(static_cast<std::uint64_t>(row.integer(0)), row.text(1));
  }
}

void Catalog::each_entry(const filter::Expr* filter, bool series, std::span<const filter::Field> fields,
                         const std::function<void(const CatalogEntry&)>& use) {
  constexpr int kFirst = 2;  // before the fields
  std::string values;
  for (const filter::Field& field : fields) values += fmt::format(", {}", facet_value(field.name));
  std::string sql(sql_named("each_entry"));
  sql.replace(sql.find('#'), 1, values);
  const filter::Bound bound = bound_of(*impl_, filter);
  sqlite::Statement row = filtered(impl_->database, std::move(sql), bound.sql, bound.parameters);
  row.bind(static_cast<int>(bound.parameters.size()), std::string_view(series ? "series" : "frame"));
  while (row.step()) {
    if (row.integer(0) < 0) throw Error(Code::kBadFile, "catalog: a row with a negative number");
    CatalogEntry entry;
    entry.row = static_cast<std::uint64_t>(row.integer(0));
    entry.patient = row.integer(1);
    for (int i = kFirst; const filter::Field& field : fields) {
      filter::Value& value = entry.values.emplace_back();
      if (!row.is_null(i) && field.kind == filter::FieldKind::kNumber) {
        value = row.number(i);
      } else if (!row.is_null(i)) {
        value = row.text(i);
      }
      ++i;
    }
    if (!series) entry.tile = tile(entry.row);
    if (!series) entry.window = window_of(entry.row);
    use(entry);
  }
}

std::vector<ValueCount> Catalog::facet(std::string_view by, const filter::Expr* filter, std::size_t most) {
  std::string sql(sql_named(by == "label" ? "facet_label" : "facet"));
  if (by != "label") sql.replace(sql.find('#'), 1, facet_value(by));
  const filter::Bound bound = bound_of(*impl_, filter);
  sqlite::Statement row = filtered(impl_->database, std::move(sql), bound.sql, bound.parameters);
  row.bind(static_cast<int>(bound.parameters.size()), static_cast<std::int64_t>(most));
  std::vector<ValueCount> counts;
  while (row.step()) {
    counts.push_back({row.is_null(0) ? std::nullopt : std::optional(row.text(0)), row.integer(1)});
  }
  return counts;
}

Totals Catalog::totals(const filter::Expr* filter) {
  const filter::Bound bound = bound_of(*impl_, filter);
  sqlite::Statement row = filtered(impl_->database, std::string(sql_named("totals")), bound.sql, bound.parameters);
  if (!row.step()) return {};
  return {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
}

std::vector<RowFacts> Catalog::series_rows(std::string_view series_uid, std::string_view study_uid) {
  std::vector<RowFacts> found;
  sqlite::Statement& row = impl_->named("series_rows").bind_or_null(0, series_uid).bind_or_null(1, study_uid);
  while (row.step()) {
    RowFacts facts;
    facts.row = static_cast<std::uint64_t>(row.integer(0));
    facts.kind = RowFacts::Kind::kSeries;
    facts.crc = static_cast<std::uint32_t>(row.integer(1));
    facts.series = row.integer(2);
    facts.study = row.integer(3);
    facts.patient = row.integer(4);
    found.push_back(facts);
  }
  row.reset();
  return found;
}

std::optional<RowFacts> Catalog::subject_of(std::string_view sop_uid) {
  sqlite::Statement& row = impl_->bind_uid(impl_->named("subject_of"), 0, sop_uid);
  std::optional<RowFacts> found;
  if (row.step()) {
    found.emplace();
    found->instance = row.integer(0);
    found->study = row.integer(1);
    found->patient = row.integer(2);
  }
  row.reset();
  return found;
}

std::optional<ItemFacts> Catalog::item(std::uint64_t row_number, bool deleted) {
  sqlite::Statement& row = impl_->named("item").bind(0, static_cast<std::int64_t>(row_number));
  row.bind(1, static_cast<std::int64_t>(deleted ? 1 : 0));
  std::optional<ItemFacts> found;
  if (row.step()) {
    found.emplace();
    found->row = row_number;
    found->kind = row.text(0);
    found->locator = row.text(1);
    found->sop_uid = row.text(2);
    found->series_uid = row.text(3);
    found->study_uid = row.text(4);
    found->modality = row.text(5);
    found->body_part = row.text(6);
    found->study_date = row.text(7);
    found->study_description = row.text(8);
    found->series_description = row.text(9);
    found->site = row.text(10);
    found->station = row.text(11);
    found->frame = row.is_null(12) ? 0 : frame_from_1(row.integer(12));
    found->frames = row.is_null(13) ? row.integer(16) : row.integer(13);
    if (!row.is_null(14)) found->position = row.number(14);
    found->crc = static_cast<std::uint32_t>(row.integer(15));
    found->instance = row.integer(17);
    found->study = row.integer(18);
    found->patient = row.integer(19);
    found->series = row.integer(20);
    found->deleted = row.integer(21) != 0;
    found->thumb = !found->deleted && has_thumb(row_number);
  }
  row.reset();
  if (found && found->kind == "frame") found->tile = tile(row_number);
  if (found && found->kind == "frame") found->window = window_of(row_number);
  if (found) found->labels = labels_around(*found);
  return found;
}

std::vector<StudyImage> Catalog::images_of_study(std::string_view study, std::string_view series,
                                                 const filter::Expr* visible, std::size_t most) {
  const filter::Bound bound = bound_of(*impl_, visible);
  sqlite::Statement row =
      filtered(impl_->database, std::string(sql_named("images_of_study")), bound.sql, bound.parameters);
  const int next = static_cast<int>(bound.parameters.size());
  row.bind(next, study).bind_or_null(next + 1, series).bind_or_null(next + 2, series);
  row.bind(next + 3, static_cast<std::int64_t>(most));
  std::vector<StudyImage> images;
  while (row.step()) {
    StudyImage image;
    image.row = checked_row(row, 0);
    image.crc = static_cast<std::uint32_t>(row.integer(1));
    image.series = row.integer(2);
    image.frame = frame_from_1(row.integer(3));
    image.frames = row.integer(4);
    if (!row.is_null(5)) image.position = row.number(5);
    image.sop_uid = row.text(6);
    image.thumb = has_thumb(image.row);
    if (const std::optional<TileFacts> facts = tile(image.row)) image.tile = facts->place;
    image.window = checked_window(row.text(7));
    image.picture = checked_picture(row, 8);
    images.push_back(std::move(image));
  }
  return images;
}

std::optional<RowSource> Catalog::source_of(std::uint64_t row_number) {
  sqlite::Statement& row = impl_->named("source_of").bind(0, static_cast<std::int64_t>(row_number));
  std::optional<RowSource> found;
  if (row.step()) {
    found = RowSource{row.text(0), row.text(1), {row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)}};
  }
  row.reset();
  return found;
}

std::vector<double> Catalog::background(std::string_view kind) {
  std::vector<double> scores;
  sqlite::Statement& row = impl_->named("background").bind(0, kind);
  while (row.step()) scores.push_back(row.number(0));
  row.reset();
  return scores;
}

std::vector<std::pair<std::string, std::int64_t>> Catalog::counts(std::string_view what) {
  std::vector<std::pair<std::string, std::int64_t>> found;
  sqlite::Statement& row = impl_->named(what);
  while (row.step()) found.emplace_back(row.text(0), row.integer(1));
  row.reset();
  return found;
}

std::int64_t Catalog::studies() { return single(impl_->named("all_studies")); }

std::int64_t Catalog::studies_of(Id patient) { return single(impl_->named("studies_of").bind(0, patient)); }

std::vector<Id> Catalog::chosen_instances(const filter::Expr* filter, std::string_view study_uid,
                                          std::string_view patient_key) {
  filter::Bound bound;
  if (filter != nullptr) {
    bound = bound_of(*impl_, filter);
  } else if (!study_uid.empty()) {
    bound = {"study.uid = ?", {std::string(study_uid)}};
  } else {
    bound = {fmt::format("patient.id IN (SELECT id FROM patient AS chosen WHERE chosen.key = {0} OR chosen.alias_of ="
                         " (SELECT id FROM patient AS first WHERE first.key = {0}))",
                         impl_->older ? "?1" : "bytes_of(?1)"),
             {std::string(patient_key)}};
  }
  std::vector<Id> found;
  sqlite::Statement row = filtered(impl_->database, std::string(sql_named("chosen")), bound.sql, bound.parameters);
  while (row.step()) found.push_back(row.integer(0));
  return found;
}

}  // namespace mi2::archive
