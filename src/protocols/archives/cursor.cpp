#include "protocols/archives/cursor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::protocols::archives {
namespace {

[[noreturn]] void refuse() { throw Error(Code::kBadArgument, "cursor: expected the one of the page before"); }

std::uint64_t number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) refuse();
  return value;
}

}  // namespace

std::string to_text(const Cursor& cursor) {
  return fmt::format("1.{}.{}.{:x}.{}.{}", cursor.at, cursor.shown, std::bit_cast<std::uint64_t>(cursor.last.score),
                     cursor.last.row, cursor.query);
}

Cursor parse_cursor(std::string_view text, std::size_t most) {
  std::array<std::string_view, 6> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    if ((dot == text.size()) != (i + 1 == parts.size())) refuse();
    parts.at(i) = text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  const std::uint64_t at = number(parts[1], 10);
  const std::uint64_t shown = number(parts[2], 10);
  if (parts[0] != "1" || at == 0 || at > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) refuse();
  if (shown == 0 || shown > most || parts[5].size() > 64) refuse();
  Cursor cursor;
  cursor.at = static_cast<std::int64_t>(at);
  cursor.shown = static_cast<std::size_t>(shown);
  cursor.last = {std::bit_cast<double>(number(parts[3], 16)), number(parts[4], 10)};
  cursor.query = parts[5];
  if (!std::isfinite(cursor.last.score)) refuse();
  return cursor;
}

}  // namespace mi2::protocols::archives
