#include "base/utf8.hpp"

#include <cstdint>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

/// Length of the well-formed sequence at the start of `bytes`, or 0. Source: Unicode 15, table 3-7.
std::size_t sequence_length(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
  const int lead = at(0);
  if (bytes.empty()) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && at(1) < 0xA0;
    const bool surrogate = lead == 0xED && at(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && at(1) < 0x90;
    const bool beyond = lead == 0xF4 && at(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::size_t utf8_prefix(std::string_view bytes) noexcept {
  std::size_t done = 0;
  while (const std::size_t length = sequence_length(bytes.substr(done))) done += length;
  return done;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  std::string result;
  for (;;) {
    const std::size_t good = utf8_prefix(bytes);
    result.append(bytes.substr(0, good));
    if (good == bytes.size()) return result;
    result += "\xEF\xBF\xBD";
    bytes.remove_prefix(good + 1);
  }
}

std::string printable(std::string_view bytes) {
  std::string result = replace_invalid_utf8(bytes);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(result[i]);
    if (byte < 0x20 || byte == 0x7F) result[i] = '?';
    // The C1 controls, U+0080 to U+009F, are C2 80 to C2 9F; some terminals obey them.
    if (byte == 0xC2 && i + 1 < result.size() && static_cast<std::uint8_t>(result[i + 1]) < 0xA0) {
      result.replace(i, 2, "?");
    }
  }
  return result;
}

void require_utf8(std::span<const std::string> strings, std::string_view what) {
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const std::size_t good = utf8_prefix(strings[i]);
    if (good == strings[i].size()) continue;
    throw Error(Code::kBadArgument,
                fmt::format("{} {}: byte {} is not UTF-8; texts must be UTF-8", what, i + 1, good + 1));
  }
}

}  // namespace mi2::base
