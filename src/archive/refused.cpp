#include "archive/refused.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/json_text.hpp"

namespace mi2::archive {
namespace {

/// A row of refused_files: its code, time and reason without line ends, and its locator with whatever it has.
std::string file_json(std::string_view row) {
  constexpr std::array<std::string_view, 3> kLines{"code", "at", "reason"};
  std::string text = "{";
  for (const std::string_view name : kLines) {
    const std::size_t end = row.find('\n');
    if (end == std::string_view::npos) throw Error(Code::kInternal, "refused files: a row without its parts");
    text += fmt::format(R"("{}": {}, )", name, base::json_string(row.substr(0, end)));
    row.remove_prefix(end + 1);
  }
  return text + fmt::format(R"("path": {}}})", base::json_string(row));
}

}  // namespace

std::string refused_json(Reader& archive, std::size_t most, bool paths) {
  std::int64_t refused = 0;
  std::string by;
  for (const auto& [reason, count] : archive.catalog().counts("count_refused")) {
    refused += count;
    by += fmt::format("{}{}: {}", by.empty() ? "" : ", ", base::json_string(reason), count);
  }
  std::string text = fmt::format(R"({{"refused": {}, "by": {{{}}}, "snapshot": {})", refused, by, archive.sequence());
  if (!paths) return text + '}';
  const auto files = archive.catalog().counts("refused_files");
  const std::size_t shown = std::min(most, files.size());
  text += fmt::format(R"(, "more": {}, "files": [)", static_cast<std::size_t>(refused) > shown);
  for (std::size_t i = 0; i < shown; ++i) text += (i > 0 ? ", " : "") + file_json(files[i].first);
  return text + "]}";
}

}  // namespace mi2::archive
