#include "text/utf8.hpp"

#include <cstdint>

namespace mi2::text {
namespace {

std::uint8_t at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : std::uint8_t{0};
}

struct Decoded {
  char32_t c = 0;
  std::size_t length = 0;  // 0: not UTF-8
};

Decoded decode_multibyte(std::string_view bytes, std::size_t i) {
  const std::uint8_t lead = at(bytes, i);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {};
  char32_t c = lead & (0xFFU >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) {
    const std::uint8_t next = at(bytes, i + k);
    if ((next & 0xC0) != 0x80) return {};
    c = (c << 6) | (next & 0x3FU);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  if (overlong || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return {};
  return {c, length};
}

Decoded decode_variant(std::string_view bytes, std::size_t i) {
  if (at(bytes, i) == 0xC0 && at(bytes, i + 1) == 0x80) return {0, 2};
  const auto continuation = [&](std::size_t k, unsigned low, unsigned high) {
    return at(bytes, i + k) >= low && at(bytes, i + k) <= high;
  };
  const bool pair = at(bytes, i) == 0xED && continuation(1, 0xA0, 0xAF) && continuation(2, 0x80, 0xBF) &&
                    at(bytes, i + 3) == 0xED && continuation(4, 0xB0, 0xBF) && continuation(5, 0x80, 0xBF);
  if (!pair) return {};
  const char32_t high = ((at(bytes, i + 1) & 0x0FU) << 6) | (at(bytes, i + 2) & 0x3FU);
  const char32_t low = ((at(bytes, i + 4) & 0x0FU) << 6) | (at(bytes, i + 5) & 0x3FU);
  return {0x10000 + (high << 10) + low, 6};
}

}  // namespace

std::optional<std::u32string> decode_utf8(std::string_view bytes, Utf8Dialect dialect, std::size_t* bad_offset) {
  std::u32string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    Decoded next{at(bytes, i), 1};
    if (next.c >= 0x80) {
      next = decode_multibyte(bytes, i);
      if (next.length == 0 && dialect == Utf8Dialect::kVariants) next = decode_variant(bytes, i);
    }
    if (next.length == 0) {
      if (bad_offset != nullptr) *bad_offset = i;
      return std::nullopt;
    }
    out.push_back(next.c);
    i += next.length;
  }
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out.push_back(static_cast<char>(static_cast<std::uint8_t>(value))); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6));
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

}  // namespace mi2::text
