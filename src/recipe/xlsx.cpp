// Source: ECMA-376, parts 1 (SpreadsheetML) and 2 (packages).

#include "recipe/xlsx.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/quotes.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "recipe/xlsx_cells.hpp"
#include "recipe/xml.hpp"
#include "zip/zip_file.hpp"

namespace mi2::recipe {
namespace {

using Cells = std::vector<std::pair<std::uint32_t, std::string>>;  ///< by column, ascending; none is empty

struct SheetRow {
  std::uint32_t number = 0;
  Cells cells;
};

struct Relation {
  std::string id;
  std::string type;  ///< how its URI ends: "worksheet"
  std::string part;
};

/// "xl/worksheets/sheet1.xml" of "worksheets/sheet1.xml", "../xl/worksheets/sheet1.xml" or "/xl/.." seen from "xl/".
std::string part_of(std::string_view folder, std::string_view target) {
  std::string base(target.starts_with('/') ? std::string_view() : folder);
  while (target.starts_with('/')) target.remove_prefix(1);
  for (bool more = true; more;) {
    more = target.starts_with("../") || target.starts_with("./");
    if (target.starts_with("../")) {
      const std::size_t above = base.size() < 2 ? std::string::npos : base.rfind('/', base.size() - 2);
      base.resize(above == std::string::npos ? 0 : above + 1);
    }
    if (more) target.remove_prefix(target.find('/') + 1);
  }
  return base += target;
}

std::string folder_of(std::string_view part) { return std::string(part.substr(0, part.rfind('/') + 1)); }

/// The parts of a workbook by their names, in which the letters A to Z are as a to z.
class ZipParts {
 public:
  static constexpr std::uint64_t kMost = 1U << 14;

  /// @param bytes  of the zip; they must outlive it. @param name  what errors call it; must outlive it, too.
  ZipParts(std::span<const std::byte> bytes, std::string_view name) : zip_(bytes, name, kMost), name_(name) {
    for (std::uint64_t i = 0; i < zip_.entries(); ++i) numbers_.emplace(base::lower_ascii(zip_.name(i)), i);
  }

  [[nodiscard]] bool has(const std::string& part) const { return numbers_.contains(base::lower_ascii(part)); }

  /// @throws Error{kBadFile} if there is none; as zip::ZipFile::read().
  [[nodiscard]] std::string read(const std::string& part, std::uint64_t most) const {
    const auto found = numbers_.find(base::lower_ascii(part));
    if (found == numbers_.end()) {
      throw Error(Code::kBadFile, fmt::format("{}: lacks its part {}", name_, base::in_quotes(part)));
    }
    try {
      return zip_.read(found->second, most);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: {}", name_, base::printable(error.what())));
    }
  }

 private:
  zip::ZipFile zip_;
  std::string_view name_;
  std::map<std::string, std::uint64_t> numbers_;
};

class Workbook {
 public:
  Workbook(std::span<const std::byte> bytes, std::string_view name) : parts_(bytes, name), name_(name) {}

  base::CsvTable first_sheet() {
    const std::string main = main_part();
    const std::vector<Relation> relations = relations_of(main);
    for (const Relation& relation : relations) {
      if (relation.type == "sharedStrings") read_shared(relation.part);
    }
    read_rows(sheet_part(main, relations));
    return as_table();
  }

 private:
  [[noreturn]] void bad(std::string_view what, Code code = Code::kBadFile) const {
    throw Error(code, fmt::format("{}: {}", name_, what));
  }

  void load(const std::string& part, pugi::xml_document& document) const {
    parse_xml(parts_.read(part, XmlLimits{}.bytes), fmt::format("{}: {}", name_, base::printable(part)), document);
  }

  [[nodiscard]] std::vector<Relation> relations_of(const std::string& part) const {
    const std::string folder = folder_of(part);
    pugi::xml_document document;
    load(fmt::format("{}_rels/{}.rels", folder, part.substr(folder.size())), document);
    std::vector<Relation> found;
    for (const pugi::xml_node& node : document.document_element().children()) {
      if (std::string_view(node.attribute("TargetMode").value()) == "External") continue;
      const std::string_view type = node.attribute("Type").value();
      found.push_back({node.attribute("Id").value(), std::string(type.substr(type.rfind('/') + 1)),
                       part_of(folder, node.attribute("Target").value())});
    }
    return found;
  }

  [[nodiscard]] std::string main_part() const {
    if (!parts_.has("[Content_Types].xml") && parts_.has("content.xml")) {
      bad("is an OpenDocument spreadsheet; save it as .xlsx or .csv", Code::kUnsupported);
    }
    if (!parts_.has("_rels/.rels")) bad("is a zip, but no .xlsx: it lacks '_rels/.rels'");
    for (const Relation& relation : relations_of("")) {
      if (relation.type != "officeDocument") continue;
      if (relation.part.ends_with(".bin")) bad("is an .xlsb; save it as .xlsx or .csv", Code::kUnsupported);
      return relation.part;
    }
    bad("names no workbook in its '_rels/.rels'");
  }

  /// Of the first sheet that has cells: a chart may be a sheet, too.
  [[nodiscard]] std::string sheet_part(const std::string& main, const std::vector<Relation>& relations) const {
    pugi::xml_document document;
    load(main, document);
    if (local_name(document.document_element().name()) != "workbook") bad("is no workbook, but of another kind");
    for (const pugi::xml_node& sheet : child(document.document_element(), "sheets").children()) {
      std::string_view id;
      for (const pugi::xml_attribute& attribute : sheet.attributes()) {
        if (local_name(attribute.name()) == "id") id = attribute.value();
      }
      for (const Relation& relation : relations) {
        if (relation.id == id && relation.type == "worksheet") return relation.part;
      }
    }
    bad("has no sheet of cells");
  }

  void read_shared(const std::string& part) {
    pugi::xml_document document;
    load(part, document);
    for (const pugi::xml_node& item : document.document_element().children()) {
      if (local_name(item.name()) == "si") shared_.push_back(rich_text(item));
    }
  }

  void read_rows(const std::string& part) {
    pugi::xml_document document;
    load(part, document);
    const pugi::xml_node data = child(document.document_element(), "sheetData");
    if (!data) bad("has a first sheet without cells (sheetData)");
    std::uint32_t last = 0;
    for (const pugi::xml_node& node : data.children()) {
      if (local_name(node.name()) != "row") continue;
      const std::uint32_t number = row_number(node, last);
      last = number;
      SheetRow row{number, cells_of(node, number)};
      if (!row.cells.empty()) rows_.push_back(std::move(row));
    }
  }

  /// A row without a number is the next.
  [[nodiscard]] std::uint32_t row_number(const pugi::xml_node& node, std::uint32_t last) const {
    const pugi::xml_attribute given = node.attribute("r");
    const std::optional<CellPlace> place =
        parse_place(fmt::format("A{}", given ? std::string(given.value()) : std::to_string(last + 1)));
    if (!place) bad(fmt::format("the row after row {} has no number of a row", last));
    if (place->row <= last) bad(fmt::format("row {} stands after row {}", place->row, last));
    return place->row;
  }

  [[nodiscard]] Cells cells_of(const pugi::xml_node& row, std::uint32_t number) {
    Cells found;
    std::uint32_t next = 0;
    for (const pugi::xml_node& cell : row.children()) {
      if (local_name(cell.name()) != "c") continue;
      const pugi::xml_attribute given = cell.attribute("r");
      const std::optional<CellPlace> place =
          parse_place(given ? std::string(given.value()) : fmt::format("{}{}", column_letters(next), number));
      if (!place || place->row != number) bad(fmt::format("row {}: a cell's reference is not of that row", number));
      if (place->column < next) bad(fmt::format("row {}: its cells are not in the order of their columns", number));
      next = place->column + 1;
      std::optional<std::string> text = cell_text(cell, shared_);
      const std::string where = fmt::format("{}{}", column_letters(place->column), number);
      if (!text) bad(fmt::format("cell {}: holds no value of its type", where));
      text_ += text->size();
      if (text_ > kMaxSheetText) {
        bad(fmt::format("cell {}: the sheet holds more than {} bytes of text, the limit", where, kMaxSheetText),
            Code::kTooLarge);
      }
      if (!text->empty()) found.emplace_back(place->column, base::replace_invalid_utf8(*text));
    }
    return found;
  }

  [[nodiscard]] base::CsvTable as_table() {
    if (rows_.empty()) bad("has a first sheet without a value");
    std::size_t width = 0;
    for (const SheetRow& row : rows_) width = std::max<std::size_t>(width, row.cells.back().first + 1);
    if (width * rows_.size() > kMaxSheetCells) {
      bad(fmt::format("has {} rows of {} columns, the limit is {} cells", rows_.size(), width, kMaxSheetCells),
          Code::kTooLarge);
    }
    base::CsvTable table;
    for (SheetRow& row : rows_) {
      std::vector<std::string> fields(width);
      for (auto& [column, text] : row.cells) fields[column] = std::move(text);
      if (table.header.empty()) {
        table.header = std::move(fields);
      } else {
        table.rows.push_back({row.number, std::move(fields)});
      }
    }
    for (std::uint32_t column = 0; column < width; ++column) {
      if (table.header[column].empty()) table.header[column] = fmt::format("(column {})", column_letters(column));
    }
    return table;
  }

  ZipParts parts_;
  std::string_view name_;
  std::vector<std::string> shared_;
  std::vector<SheetRow> rows_;
  std::size_t text_ = 0;  ///< bytes of all cells
};

}  // namespace

base::CsvTable parse_xlsx(std::span<const std::byte> bytes, std::string_view name) {
  constexpr std::string_view kCompound = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
  if (bytes.size() >= kCompound.size() && std::memcmp(bytes.data(), kCompound.data(), kCompound.size()) == 0) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: is an old .xls or has a password; save it as .xlsx without one, or as .csv", name));
  }
  constexpr std::string_view kZip = "PK";
  if (bytes.size() < kZip.size() || std::memcmp(bytes.data(), kZip.data(), kZip.size()) != 0) {
    throw Error(Code::kBadFile, fmt::format("{}: is no .xlsx: expected a zip, which starts with 'PK'", name));
  }
  return Workbook(bytes, name).first_sheet();
}

base::CsvTable read_xlsx(const std::filesystem::path& path) {
  return parse_xlsx(base::read_file(path, kMaxXlsxBytes), path.string());
}

}  // namespace mi2::recipe
