#include "archive/near_rows.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_tables.hpp"
#include "archive/linked.hpp"
#include "archive/parameters.hpp"
#include "archive/replica.hpp"
#include "archive/windows.hpp"

namespace mi2::archive::near {
namespace {

using postgres::Parameter;
using postgres::Type;

/// Bytes of a text.
constexpr int kMostText = 65'536;

/// As uid_text() of the catalog's SQL has it.
constexpr std::string_view kSopUid =
    "CASE WHEN get_byte(instance.sop_uid, 0) = 238 THEN convert_from(substr(instance.sop_uid, 2), 'UTF8')"
    " ELSE translate(encode(instance.sop_uid, 'hex'), 'af', '.') END";
constexpr std::string_view kSlices =
    "(CASE WHEN EXISTS (SELECT 1 FROM tile WHERE tile.item = item.id) THEN NULL ELSE"
    " (SELECT count(*) - count(voi.item) + count(DISTINCT voi.picture) FROM item AS other"
    " LEFT JOIN voi ON voi.item = other.id WHERE other.series = item.series AND other.kind IS NULL"
    " AND other.deleted_seq IS NULL) END)";

constexpr std::string_view kAroundLabel =
    "EXISTS (SELECT 1 FROM label WHERE (label.item = item.id OR label.instance = item.instance"
    " OR label.series = item.series OR label.study = series.study) AND label.key = ? AND @)";

/// The fields of filters as PostgreSQL has them: texts compare by their bytes, and only A to Z have two cases.
class Columns {
 public:
  Columns() {
    for (const filter::Column& column : catalog_columns()) {
      if (column.field == "label") {
        columns_.push_back({column.field, "(label.value COLLATE \"C\")", kAroundLabel});
      } else if (column.field == "slices") {
        columns_.push_back({column.field, kSlices});
      } else if (is_text(column.field)) {
        const std::string_view value = column.field == "image" ? kSopUid : column.value;
        columns_.push_back({column.field, texts_.emplace_back(fmt::format("({} COLLATE \"C\")", value))});
      } else {
        columns_.push_back(column);
      }
    }
  }
  [[nodiscard]] std::span<const filter::Column> all() const { return columns_; }

 private:
  static bool is_text(std::string_view name) {
    const auto fields = filter::fields();
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.name == name; });
    return field != fields.end() && field->kind != filter::FieldKind::kNumber;
  }
  std::deque<std::string> texts_;
  std::vector<filter::Column> columns_;
};

/// "$1, $2" from a number on.
std::string marks_of(std::span<const std::uint64_t> rows, std::vector<Parameter>& parameters) {
  std::string marks;
  for (const std::uint64_t row : rows) {
    parameters.push_back(number_parameter(static_cast<std::int64_t>(row)));
    marks += fmt::format("{}${}", marks.empty() ? "" : ", ", parameters.size());
  }
  return marks;
}

/// Calls `use` with some of the rows at a time.
void in_parts(std::span<const std::uint64_t> rows, const std::function<void(std::span<const std::uint64_t>)>& use) {
  for (std::size_t at = 0; at < rows.size(); at += kAtOnce) use(rows.subspan(at, std::min(kAtOnce, rows.size() - at)));
}

/// @param first  the column of the level, null of what is no tile.
std::optional<TileFacts> tile_of(const postgres::Result& rows, int row, int first) {
  if (rows.is_null(row, first)) return std::nullopt;
  const auto whole = [&](int column) {
    const std::int64_t value = rows.integer(row, first + column);
    if (value < 0) throw Error(Code::kBadFile, "shared archive: a tile with a negative number");
    return static_cast<std::uint64_t>(value);
  };
  const postgres::Value mpp = rows.value(row, first + 5, Type::kReal);
  TileFacts tile;
  tile.place.level = static_cast<unsigned>(whole(0));
  tile.place.x = whole(1);
  tile.place.y = whole(2);
  tile.place.width = whole(3);
  tile.place.height = whole(4);
  if (const auto* um = std::get_if<double>(&mpp)) tile.place.mpp = *um;
  tile.read_width = whole(6);
  tile.read_height = whole(7);
  return tile;
}

/// As Catalog::item().
ItemFacts facts_of(const postgres::Result& rows, int row) {
  const auto text_at = [&](int column) { return std::string(rows.bytes(row, column)); };
  ItemFacts item;
  item.row = static_cast<std::uint64_t>(rows.integer(row, 0));
  item.kind = text_at(1);
  item.locator = text_at(2);
  item.sop_uid = text_at(3);
  item.series_uid = text_at(4);
  item.study_uid = text_at(5);
  item.modality = text_at(6);
  item.body_part = text_at(7);
  item.study_date = text_at(8);
  item.study_description = text_at(9);
  item.series_description = text_at(10);
  item.site = text_at(11);
  item.station = text_at(12);
  item.frame = rows.is_null(row, 13) ? 0 : frame_from_1(rows.integer(row, 13));
  item.frames = rows.is_null(row, 14) ? id_at(rows, row, 17) : rows.integer(row, 14);
  const postgres::Value position = rows.value(row, 15, Type::kReal);
  if (const auto* millimetres = std::get_if<double>(&position)) item.position = *millimetres;
  item.crc = static_cast<std::uint32_t>(rows.integer(row, 16));
  item.instance = id_at(rows, row, 18);
  item.study = id_at(rows, row, 19);
  item.patient = id_at(rows, row, 20);
  item.series = id_at(rows, row, 21);
  item.thumb = rows.integer(row, 22) != 0;
  item.tile = tile_of(rows, row, 23);
  item.window = text_at(31);
  if (!item.window.empty() && !is_window(item.window)) {
    throw Error(Code::kBadFile, "shared archive: a row that was seen through no window that there is");
  }
  return item;
}

/// As Catalog::item() has them. @param marks  of rows, as marks_of() has them.
void add_labels(SharedDatabase& database, const std::string& marks, const std::vector<Parameter>& parameters,
                std::unordered_map<std::uint64_t, ItemFacts>& items) {
  const postgres::Result row = database.connection().query(
      fmt::format("SELECT item.id, l.rank, left(l.key, {0}), left(l.value, {0}), left(l.by, {0}), l.score FROM item"
                  " LEFT JOIN series ON series.id = item.series CROSS JOIN LATERAL (SELECT label.key, label.value,"
                  " label.by, label.score, (CASE WHEN label.item IS NOT NULL THEN 0 WHEN label.instance IS NOT NULL"
                  " THEN 1 WHEN label.series IS NOT NULL THEN 2 ELSE 3 END)::bigint AS rank FROM label"
                  " WHERE label.item = item.id OR label.instance = item.instance OR label.series = item.series"
                  " OR label.study = series.study"
                  " ORDER BY label.key COLLATE \"C\", label.by COLLATE \"C\", 5 LIMIT {1}) AS l"
                  " WHERE item.id IN ({2})"
                  " ORDER BY item.id, l.key COLLATE \"C\", l.by COLLATE \"C\", l.rank",
                  kMostText, kMostItemLabels, marks),
      parameters);
  for (int r = 0; r < row.rows(); ++r) {
    const auto item = items.find(static_cast<std::uint64_t>(row.integer(r, 0)));
    if (item == items.end()) continue;
    const postgres::Value score = row.value(r, 5, Type::kReal);
    const auto* const number = std::get_if<double>(&score);
    item->second.labels.push_back({static_cast<LabelOf>(row.integer(r, 1)), std::string(row.bytes(r, 2)),
                                   std::string(row.bytes(r, 3)), std::string(row.bytes(r, 4)),
                                   number != nullptr ? std::optional(*number) : std::nullopt});
  }
}

}  // namespace

std::string condition_of(const filter::Expr& where, std::vector<Parameter>& parameters) {
  const Columns columns;
  const filter::Bound bound = filter::bind(where, columns.all());
  std::string sql;
  auto next = bound.parameters.begin();
  for (const char one : bound.sql) {
    if (one != '?') {
      sql += one;
      continue;
    }
    if (const auto* number = std::get_if<double>(&*next)) {
      Parameter& parameter = parameters.emplace_back();
      parameter.type = Type::kReal;
      parameter.value = *number;
      sql += fmt::format("${}", parameters.size());
    } else {
      parameters.push_back(text_parameter(std::get<std::string>(*next)));
      sql += fmt::format("(${} COLLATE \"C\")", parameters.size());
    }
    ++next;
  }
  return sql;
}

std::unordered_map<std::uint64_t, std::vector<float>> vectors_of(SharedDatabase& database, std::size_t dimensions,
                                                                 std::span<const std::uint64_t> rows) {
  std::unordered_map<std::uint64_t, std::vector<float>> found;
  in_parts(rows, [&](std::span<const std::uint64_t> part) {
    std::vector<Parameter> parameters;
    const std::string marks = marks_of(part, parameters);
    const postgres::Result row = database.connection().query(
        fmt::format("SELECT v.item, CASE WHEN octet_length(v.f32) = {} THEN v.f32 END, i.crc32c FROM vector AS v"
                    " JOIN item AS i ON i.id = v.item WHERE v.item IN ({})",
                    dimensions * sizeof(float), marks),
        parameters);
    for (int r = 0; r < row.rows(); ++r) {
      const auto item = static_cast<std::uint64_t>(row.integer(r, 0));
      const std::string_view problem = vector_problem(row.bytes(r, 1), dimensions, row.integer(r, 2));
      if (!problem.empty()) throw Error(Code::kBadFile, fmt::format("{}: row {}: {}", database.name(), item, problem));
      std::vector<float> numbers(dimensions);
      std::memcpy(numbers.data(), row.bytes(r, 1).data(), row.bytes(r, 1).size());
      found.emplace(item, std::move(numbers));
    }
  });
  for (const std::uint64_t row : rows) {
    if (!found.contains(row))
      throw Error(Code::kBadFile, fmt::format("{}: row {}: it is missing", database.name(), row));
  }
  return found;
}

std::unordered_map<std::uint64_t, ItemFacts> items_of(SharedDatabase& database, std::span<const std::uint64_t> rows) {
  std::string texts;
  for (const std::string_view column : std::initializer_list<std::string_view>{
           "coalesce(item.kind, 'frame')", "folder.path || instance.name", kSopUid, "series.uid", "study.uid",
           "series.modality", "series.body_part", "study.date", "study.description", "series.description", "study.site",
           "series.station"}) {
    texts += fmt::format("left({}, {}), ", column, kMostText);
  }
  std::unordered_map<std::uint64_t, ItemFacts> found;
  in_parts(rows, [&](std::span<const std::uint64_t> part) {
    std::vector<Parameter> parameters;
    const std::string marks = marks_of(part, parameters);
    const postgres::Result row = database.connection().query(
        fmt::format(
            "SELECT item.id, {}item.frame, lot.frames, item.position, item.crc32c, item.pooled_from,"
            " item.instance, series.study, {}, item.series, (EXISTS (SELECT 1 FROM thumb WHERE item = item.id)"
            " OR item.kind = 'series' AND EXISTS (SELECT 1 FROM item AS slice JOIN thumb ON thumb.item = slice.id"
            " WHERE slice.series = item.series AND slice.kind IS NULL AND slice.deleted_seq IS NULL))"
            "::int::bigint, tile.level, tile.x, tile.y, tile.width, tile.height, tile.mpp, tile.read_width,"
            " tile.read_height, left(voi.name, 16) FROM item LEFT JOIN tile ON tile.item = item.id"
            " LEFT JOIN voi ON voi.item = item.id{} WHERE item.deleted_seq IS NULL"
            " AND (item.kind IS NULL OR item.kind = 'series')"
            " AND item.id IN ({})",
            texts, kPatient, kJoins, marks),
        parameters);
    for (int r = 0; r < row.rows(); ++r) {
      ItemFacts item = facts_of(row, r);
      found.emplace(item.row, std::move(item));
    }
    add_labels(database, marks, parameters, found);
  });
  return found;
}

std::set<Id> linked_with(SharedDatabase& database, const std::set<Id>& patients) {
  postgres::Connection& connection = database.connection();
  Pictures pictures;
  pictures.shared = [&](Id patient) {
    const postgres::Result rows = connection.query(
        "SELECT DISTINCT item.pixels FROM study JOIN series ON series.study = study.id"
        " JOIN item ON item.series = series.id AND item.kind IS NULL AND item.deleted_seq IS NULL"
        " WHERE study.patient IN (SELECT id FROM patient WHERE id = $1 OR alias_of = $1)"
        " AND item.blank = 0 AND item.dhash IS NOT NULL AND octet_length(item.pixels) = 16"
        " AND EXISTS (SELECT 1 FROM item AS other WHERE other.pixels = item.pixels"
        " AND (other.instance, other.frame) <> (item.instance, item.frame))"
        " LIMIT 100000",
        {number_parameter(patient)});
    std::vector<std::string> found;
    for (int row = 0; row < rows.rows(); ++row) found.emplace_back(rows.bytes(row, 0));
    return found;
  };
  pictures.owners = [&](const std::string& sha256, const std::function<bool(std::uint64_t, Id)>& use) {
    const postgres::Result rows =
        connection.query(fmt::format("SELECT DISTINCT {} FROM item"
                                     " JOIN series ON series.id = item.series JOIN study ON study.id = series.study"
                                     " JOIN patient ON patient.id = study.patient WHERE item.pixels = $1"
                                     " AND item.kind IS NULL AND item.deleted_seq IS NULL LIMIT {}",
                                     kPatient, kMostSharing + 1),
                         {{Type::kBytes, sha256}});
    for (int row = 0; row < rows.rows(); ++row) {
      if (!use(0, rows.integer(row, 0))) return;
    }
  };
  std::set<Id> linked;
  for (const Id patient : patients) linked.merge(linked_patients(pictures, patient));
  for (const Id patient : patients) linked.erase(patient);
  return linked;
}

std::vector<double> background_of(SharedDatabase& database, std::string_view kind) {
  const postgres::Result rows = database.connection().query(
      "SELECT score FROM background WHERE kind = $1 ORDER BY place LIMIT 65536", {text_parameter(std::string(kind))});
  std::vector<double> scores;
  for (int row = 0; row < rows.rows(); ++row) {
    const postgres::Value score = rows.value(row, 0, Type::kReal);
    const auto* const number = std::get_if<double>(&score);
    if (number == nullptr) throw Error(Code::kBadFile, "shared archive: a score of table 'background' is missing");
    scores.push_back(*number);
  }
  return scores;
}

}  // namespace mi2::archive::near
