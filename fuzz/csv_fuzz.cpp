// Tables of comma-separated values: whatever the bytes, rows as long as the header or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace {

void append_line(std::string& text, const std::vector<std::string>& fields) {
  // A lone empty field is written with quotes: without them the line is empty, and no row.
  if (fields.size() == 1 && fields.front().empty()) text += "\"\"";
  for (std::size_t i = 0; i < fields.size(); ++i) text += (i > 0 ? "," : "") + mi2::base::csv_field(fields[i]);
  text += '\n';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const base::Table table = base::Table::parse(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
    // What was accepted survives a trip through our own CSV. The mark in front keeps one at the start of the first
    // field.
    std::string text = "\xEF\xBB\xBF";
    append_line(text, table.header());
    for (const base::CsvRow& row : table.rows()) {
      if (row.fields.size() != table.header().size()) std::abort();
      append_line(text, row.fields);
    }
    const base::Table again = base::Table::parse(text, "again");
    if (again.header() != table.header() || again.rows().size() != table.rows().size()) std::abort();
    for (std::size_t i = 0; i < table.rows().size(); ++i) {
      if (again.rows()[i].fields != table.rows()[i].fields) std::abort();
    }
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
