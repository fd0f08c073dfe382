// What the rows of an array are: whatever the text, a name and a frame per row, or a mi2::Error and a table as it was.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "vectors/npy_rows.hpp"

namespace {

class Text final : public mi2::base::ByteSink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void rewrite_start(std::string_view) override {}
  std::string text;
};

mi2::vectors::VectorTable table_of_two() {
  mi2::vectors::VectorTable table;
  table.source = "v.npy";
  table.vectors = {{1, 0, 0, 1}, 2};
  return table;
}

/// The last line, with the checksum that no fuzzer finds.
std::string last_line() {
  Text sink;
  mi2::vectors::RowsWriter writer(sink, std::nullopt);
  const mi2::vectors::VectorTable table = table_of_two();
  for (std::size_t r = 0; r < 2; ++r) {
    writer.write(mi2::vectors::InputKind::kText, "", std::nullopt, table.vectors.row(r), {});
  }
  sink.text.clear();
  writer.finish();
  return sink.text;
}

void check(std::string_view text) {
  mi2::vectors::VectorTable table = table_of_two();
  try {
    mi2::vectors::parse_rows(table, text, "fuzz");
    if (table.names.size() != 2) std::abort();
  } catch (const mi2::Error&) {
    if (!table.names.empty() || table.provenance) std::abort();
  }
  if (!table.frames.empty() && table.frames.size() != 2) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text);
  check(text + "\n" + last_line());
  return 0;
}
