// Files of rights, cursors and queries of archives: an Error or what was read, nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "protocols/archives/cursor.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/rights.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::protocols::archives;
  static const std::vector<std::string> names{"chest", "brain"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Right right = Rights::parse(text, "fuzz", names).of("", "chest");
    if ((right.paths || right.remove) && !right.search) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    constexpr std::size_t kMost = 1000;
    const Cursor cursor = parse_cursor(text, kMost);
    if (cursor.shown > kMost || cursor.at <= 0) std::abort();
    const Cursor again = parse_cursor(to_text(cursor), kMost);
    if (again.last.score != cursor.last.score || again.query != cursor.query) std::abort();
  } catch (const mi2::Error&) {
  }
  try {
    for (const auto& [name, value] : read_query(text, names)) {
      if (name != "chest" && name != "brain") std::abort();
      if (value.size() > size) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  return 0;
}
