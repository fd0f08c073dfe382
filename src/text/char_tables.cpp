#include "text/char_tables.hpp"

#include <charconv>

#include "text/resources.hpp"

namespace mi2::text {
namespace {

// Takes `text` up to `end` off its front.
std::string_view take(std::string_view& text, char end) {
  const std::size_t length = text.find(end);
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length == std::string_view::npos ? text.size() : length + 1);
  return taken;
}

char32_t take_hex(std::string_view& line) {
  const std::string_view digits = take(line, ' ');
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

bool Charmap::encode(std::u32string_view text, std::string& out) const {
  out.clear();
  for (const char32_t c : text) {
    std::uint8_t byte = 0;
    if (c < 0x80 && !(sloppy && c == 0x1A)) {
      byte = static_cast<std::uint8_t>(c);
    } else if (sloppy && c == 0xFFFD) {
      byte = 0x1A;
    } else {
      const auto found = upper.find(c);
      if (found == upper.end()) return false;
      byte = found->second;
    }
    out.push_back(static_cast<char>(byte));
  }
  return true;
}

const CharTables& CharTables::instance() {
  static const CharTables tables;
  return tables;
}

CharTables::CharTables() {
  for (std::string_view rest = builtin_char_classes(); !rest.empty();) {
    std::string_view line = take(rest, '\n');
    const char32_t c = take_hex(line);
    masks_.at(c) = take_hex(line);
  }
  for (std::string_view rest = builtin_charmaps(); !rest.empty();) {
    std::string_view line = take(rest, '\n');
    Charmap& map = charmaps_.emplace_back();
    map.name = take(line, ' ');
    map.sloppy = map.name.starts_with("sloppy");
    for (unsigned byte = 0x80; byte <= 0xFF; ++byte) {
      const char32_t c = take_hex(line);
      map.upper.emplace(c, static_cast<std::uint8_t>(byte));
      if (map.name == "sloppy-windows-1252") windows_1252_.at(byte - 0x80U) = c;
    }
  }
  for (std::string_view rest = builtin_html_entities(); !rest.empty();) {
    std::string_view line = take(rest, '\n');
    std::u32string& text = entities_[std::string(take(line, ' '))];
    while (!line.empty()) text.push_back(take_hex(line));
  }
}

const std::u32string* CharTables::entity(const std::string& name) const {
  const auto found = entities_.find(name);
  return found == entities_.end() ? nullptr : &found->second;
}

}  // namespace mi2::text
