// Any bytes as a workbook: refused with mi2::Error, or a table whose rows are as long as its header, of UTF-8, within
// the limits. Bytes that are no zip are tried as the XML of a sheet's cell.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "recipe/xlsx.hpp"
#include "recipe/xlsx_cells.hpp"
#include "recipe/xml.hpp"

namespace {

void check_cells(const pugi::xml_node& node) {
  static const std::vector<std::string> kShared{"one", "two"};
  for (const pugi::xml_node& cell : node.children()) {
    static_cast<void>(mi2::recipe::cell_text(cell, kShared));
    if (const auto place = mi2::recipe::parse_place(cell.attribute("r").value())) {
      if (mi2::recipe::column_letters(place->column) + std::to_string(place->row) != cell.attribute("r").value() &&
          std::string_view(cell.attribute("r").value()).find('0') == std::string_view::npos) {
        std::abort();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const base::CsvTable table = recipe::parse_xlsx(std::as_bytes(std::span(data, size)), "fuzz");
    for (const base::CsvRow& row : table.rows) {
      if (row.fields.size() != table.header.size()) std::abort();
      for (const std::string& field : row.fields) {
        if (base::utf8_prefix(field) != field.size()) std::abort();
      }
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  try {
    pugi::xml_document document;
    recipe::parse_xml({reinterpret_cast<const char*>(data), size}, "fuzz", document);
    check_cells(document.document_element());
  } catch (const Error&) {
    // So is this.
  }
  return 0;
}
