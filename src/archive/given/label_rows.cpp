#include "archive/given/label_rows.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/blanks.hpp"
#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "vectors/label_table.hpp"

namespace mi2::archive::given {
namespace {

constexpr std::size_t kLongestThing = 4096;
/// Bytes of a line of .jsonl, and members of its object.
constexpr std::size_t kLongestLine = 1U << 20;
constexpr std::size_t kMostMembers = 4096;

struct ThingColumn {
  std::string_view name;
  NamedBy by;
};
constexpr std::array kThingColumns{ThingColumn{"study", NamedBy::kStudy},
                                   ThingColumn{"study_uid", NamedBy::kStudy},
                                   ThingColumn{"studyinstanceuid", NamedBy::kStudy},
                                   ThingColumn{"series", NamedBy::kSeries},
                                   ThingColumn{"series_uid", NamedBy::kSeries},
                                   ThingColumn{"seriesinstanceuid", NamedBy::kSeries},
                                   ThingColumn{"image", NamedBy::kImage},
                                   ThingColumn{"instance", NamedBy::kImage},
                                   ThingColumn{"sop_uid", NamedBy::kImage},
                                   ThingColumn{"sopinstanceuid", NamedBy::kImage},
                                   ThingColumn{"item", NamedBy::kItem},
                                   ThingColumn{"path", NamedBy::kPath},
                                   ThingColumn{"file", NamedBy::kPath},
                                   ThingColumn{"filename", NamedBy::kPath}};

/// What a member of a row says, as a cell of a table would; nothing for what no cell can.
std::optional<std::string> cell_of(const nlohmann::json& value) {
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

}  // namespace

LabelRows::LabelRows(std::string source, Code fault) : source_(std::move(source)), fault_(fault) {}

void LabelRows::refuse(std::size_t line, std::string_view what) const {
  throw Error(fault_, fmt::format("{}: line {}: {}", source_, line, what));
}

LabelColumns LabelRows::columns_of(std::span<const std::string> header, std::size_t line) {
  LabelColumns columns;
  bool named = false;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name = base::lower_ascii(base::without_blanks(header[i]));
    const auto* const thing = std::ranges::find(kThingColumns, name, &ThingColumn::name);
    if (thing != kThingColumns.end()) {
      if (named) refuse(line, "expected one of the columns study, series, image, item and path, got two");
      named = true;
      columns.by = thing->by;
      columns.thing = i;
    } else if (name == "key") {
      columns.key = i;
    } else if (name == "value") {
      columns.value = i;
    } else if (name == "score") {
      columns.score = i;
    } else if (!name.empty()) {
      others.push_back(i);
    }
  }
  if (!named) refuse(line, "expected one of the columns study, series, image, item and path, got none");
  if (columns.key.has_value() != columns.value.has_value()) {
    refuse(line, "expected both of the columns key and value, or a column for each key");
  }
  if (columns.key) {
    is_long_ = true;
    for (const std::size_t i : others) unused_.insert(header[i]);
    return columns;
  }
  is_wide_ = true;
  columns.keys = std::move(others);
  if (columns.keys.empty()) refuse(line, "expected the columns key and value, or a column for each key, got none");
  if (columns.score && columns.keys.size() > 1) {
    refuse(line, "score: of which key? Expected one key beside it, or the columns key and value");
  }
  return columns;
}

std::size_t LabelRows::thing_of(NamedBy by, std::string_view name, std::size_t line) {
  if (name.empty()) refuse(line, "expected a name of what the label is of, got an empty field");
  if (name.size() > kLongestThing) {
    throw Error(Code::kTooLarge, fmt::format("{}: line {}: a name of over {} bytes", source_, line, kLongestThing));
  }
  const auto [place, fresh] = things_.try_emplace(fmt::format("{} {}", static_cast<int>(by), name), things_.size());
  if (fresh) given_.things.push_back({by, std::string(name), line});
  return place->second;
}

std::size_t LabelRows::key_of(std::string_view key, std::size_t line) {
  const auto known = keys_.find(std::string(key));
  if (known != keys_.end()) return known->second;
  if (!filter::is_key(key)) {
    refuse(line, "expected a key of at most 64 bytes without blanks, quotes and operators, as filters have label.KEY");
  }
  keys_.emplace(key, given_.keys.size());
  given_.keys.emplace_back(key);
  return given_.keys.size() - 1;
}

void LabelRows::add_label(std::size_t thing, std::string_view key, std::string_view value, std::optional<double> score,
                          std::size_t line) {
  const bool plain =
      std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (value.empty() || value.size() > filter::kMaxValueBytes || !plain || base::utf8_prefix(value) != value.size()) {
    refuse(line, fmt::format("expected a value of 1 to {} bytes without control characters", filter::kMaxValueBytes));
  }
  if (given_.labels.size() == kMostLabels) {
    throw Error(Code::kTooLarge, fmt::format("{}: more than {} labels at once", source_, kMostLabels));
  }
  given_.labels.push_back({thing, key_of(key, line), std::string(value), score, line});
}

void LabelRows::add_row(const LabelColumns& columns, std::span<const std::string> header,
                        std::span<const std::string> fields, std::size_t line) {
  const auto cell = [&](std::size_t column) { return base::without_blanks(fields[column]); };
  std::optional<double> score;
  if (columns.score && !cell(*columns.score).empty()) {
    score = base::parse_finite(cell(*columns.score));
    if (!score) refuse(line, "score: expected a number");
  }
  // Not before there is a label of it: a table may have many more rows than labels.
  const auto thing = [&] { return thing_of(columns.by, cell(columns.thing), line); };
  if (columns.key) return add_label(thing(), cell(*columns.key), cell(*columns.value), score, line);
  for (const std::size_t column : columns.keys) {
    if (cell(column).empty()) continue;
    add_label(thing(), base::without_blanks(header[column]), cell(column), score, line);
  }
}

void LabelRows::add(const base::Table& table) {
  if (table.rows().empty()) throw Error(fault_, fmt::format("{}: has no row", source_));
  const LabelColumns columns = columns_of(table.header(), 1);
  for (const base::CsvRow& row : table.rows()) add_row(columns, table.header(), row.fields, row.line);
}

void LabelRows::add(const nlohmann::json& row, std::size_t line) {
  if (!row.is_object()) refuse(line, "expected an object");
  if (row.size() > kMostMembers) refuse(line, fmt::format("expected at most {} members", kMostMembers));
  std::vector<std::string> header, fields;
  for (const auto& member : row.items()) {
    std::optional<std::string> cell = cell_of(member.value());
    if (!cell) refuse(line, "expected texts, numbers and booleans, got something else");
    header.push_back(member.key());
    fields.push_back(*std::move(cell));
  }
  add_row(columns_of(header, line), header, fields, line);
}

std::string LabelRows::form() const {
  if (is_long_ && is_wide_) return "lines of both forms";
  if (is_long_) return "one label per line, of the columns key and value";
  constexpr std::size_t kShown = 8;
  std::vector<std::string> names;
  for (const std::string& key : given_.keys) {
    if (names.size() < kShown) names.push_back(base::printable(key));
  }
  return fmt::format("a column for each key: {}{}", fmt::join(names, ", "), given_.keys.size() > kShown ? ", .." : "");
}

LabelRows read_labels(const std::filesystem::path& path) {
  LabelRows rows(path.string(), Code::kBadFile);
  const std::string text = base::read_text_file(path, base::kMaxCsvBytes);
  if (base::lower_ascii(path.extension().string()) != ".jsonl") {
    rows.add(base::Table::parse(text, path.string()));
    return rows;
  }
  base::require_text(text, path.string());
  std::string_view rest = base::without_byte_order_mark(text);
  bool any = false;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view record = base::without_blanks(rest.substr(0, end), " \t\r");
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (record.empty()) continue;
    const std::string name = fmt::format("{}: line {}", path.string(), line);
    if (record.size() > kLongestLine) {
      throw Error(Code::kTooLarge, fmt::format("{}: has over {} bytes", name, kLongestLine));
    }
    rows.add(base::parse_json(record,
                              {.name = name, .fault = Code::kBadFile, .max_values = 2 * kMostMembers, .max_depth = 2}),
             line);
    any = true;
  }
  if (!any) throw Error(Code::kBadFile, fmt::format("{}: has no row", path.string()));
  return rows;
}

std::function<std::vector<std::vector<Id>>(Catalog&, std::span<const LabelledThing>)> paths_from(
    std::filesystem::path folder, std::string source) {
  return
      [folder = std::move(folder), source = std::move(source)](Catalog& catalog, std::span<const LabelledThing> paths) {
        std::vector<std::vector<Id>> found(paths.size());
        std::vector<std::size_t> left;
        vectors::LabelTable table;
        table.source = source;
        table.folder = folder;
        table.named = true;
        for (std::size_t i = 0; i < paths.size(); ++i) {
          found[i] = catalog.objects_at(paths[i].name);
          std::error_code error;
          const std::filesystem::path whole = std::filesystem::absolute(folder / paths[i].name, error);
          if (found[i].empty() && !error) found[i] = catalog.objects_at(whole.lexically_normal().string());
          if (!found[i].empty()) continue;
          left.push_back(i);
          vectors::LabelRow& row = table.rows.emplace_back();
          row.name = paths[i].name;
          row.line = paths[i].line;
        }
        if (left.empty()) return found;
        std::vector<std::string> names;
        std::vector<Id> objects;
        catalog.each_place([&](Id object, std::string locator) {
          objects.push_back(object);
          names.push_back(std::move(locator));
        });
        const vectors::Join joined = vectors::lookup(names, "the archive", table);
        for (std::size_t i = 0; i < names.size(); ++i) {
          if (joined.row_of[i]) found[left[*joined.row_of[i]]].push_back(objects[i]);
        }
        return found;
      };
}

}  // namespace mi2::archive::given
