#include "index_export_catalog.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/frames.hpp>

#include "archive/catalog.hpp"
#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/tile_text.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "output.hpp"

namespace mi2::cli {
namespace {

namespace filter = archive::filter;

/// All fields of filters that have one value of an item. How many slices its series has would be counted for each.
std::vector<filter::Field> exported_fields() {
  std::vector<filter::Field> fields;
  for (const filter::Field& field : filter::fields()) {
    if (field.kind != filter::FieldKind::kKeyed && field.name != "slices") fields.push_back(field);
  }
  return fields;
}

std::string header_of(const std::vector<filter::Field>& fields) {
  std::string line = "item,patient";
  for (const filter::Field& field : fields) line += fmt::format(",{}", field.name);
  line += fmt::format(",window,{}", base::kTileColumns);
  line.back() = '\n';  // the comma behind the last of a tile's
  return line;
}

std::optional<FramePlace> place_of(const archive::CatalogEntry& entry) {
  if (!entry.tile) return std::nullopt;
  return FramePlace{1, 1, entry.tile->place};
}

std::string csv_line(const archive::CatalogEntry& entry) {
  std::string line = fmt::format("{},", entry.row);
  if (entry.patient != 0) line += fmt::format("{}", entry.patient);
  for (const filter::Value& value : entry.values) {
    line += ',';
    if (const auto* text = std::get_if<std::string>(&value)) line += base::csv_field(*text);
    if (const auto* number = std::get_if<double>(&value)) base::append_number(line, *number);
  }
  line += fmt::format(",{},{}", entry.window, base::tile_fields(place_of(entry)));
  line.back() = '\n';  // as in the header
  return line;
}

std::string json_line(const archive::CatalogEntry& entry, const std::vector<filter::Field>& fields) {
  std::string line = fmt::format(R"({{"item": {})", entry.row);
  if (entry.patient != 0) line += fmt::format(R"(, "patient": {})", entry.patient);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (std::holds_alternative<std::monostate>(entry.values[i])) continue;
    line += fmt::format(R"(, "{}": )", fields[i].name);
    if (const auto* text = std::get_if<std::string>(&entry.values[i])) line += base::json_string(*text);
    if (const auto* number = std::get_if<double>(&entry.values[i])) base::append_number(line, *number);
  }
  if (!entry.window.empty()) line += fmt::format(R"(, "window": {})", base::json_string(entry.window));
  if (entry.tile) line += base::tile_member(place_of(entry), ", ");
  return line + "}\n";
}

}  // namespace

const std::string_view kCatalogExportHelp = R"(The catalog:
  --what catalog writes a row per image (--kind series: per series) of what the archive knows, as CSV or
  JSON lines, in the order in which the vectors are exported: its item, its patient as the archive's number,
  each field of EXPR but slices and label, its window, and of a tile its place on the slide.
)";

int export_catalog(const std::string& archive, const std::string& where, bool series, const RowArguments& rows) {
  if (rows.format == "npy") {
    throw Error(Code::kBadArgument, "--what catalog: expected --format csv or jsonl, got npy, which has numbers alone");
  }
  const std::string format = result_format(rows.format, rows.out, std::vector<std::string>{"csv", "jsonl"}, "csv");
  check_is_new(rows.out, rows.force);
  std::optional<filter::Expr> chosen;
  if (!where.empty()) chosen = filter::parse(where);
  catch_interrupts();
  archive::Reader reader(folder_of(archive));
  const auto output = open_output(rows.out);
  const std::vector<filter::Field> fields = exported_fields();
  if (format == "csv") output->write(header_of(fields));
  reader.catalog().each_entry(chosen ? &*chosen : nullptr, series, fields, [&](const archive::CatalogEntry& entry) {
    throw_if_interrupted();
    output->write(format == "csv" ? csv_line(entry) : json_line(entry, fields));
  });
  reader.check();
  output->commit();
  return 0;
}

}  // namespace mi2::cli
