#include "recipe/xlsx_cells.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "base/blanks.hpp"
#include "recipe/xml.hpp"

namespace mi2::recipe {
namespace {

constexpr std::uint32_t kRows = 1U << 20;
constexpr std::uint32_t kColumns = 1U << 14;

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xE0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// The character of an escape "_xHHHH_" at the start of a text. NUL and halves of a pair are not taken for one.
std::optional<std::uint32_t> escaped(std::string_view text) {
  constexpr std::size_t kLength = 7;
  if (text.size() < kLength || !text.starts_with("_x") || text[kLength - 1] != '_') return std::nullopt;
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + kLength - 1, code, 16);
  if (error != std::errc{} || end != text.data() + kLength - 1) return std::nullopt;
  if (code == 0 || (code >= 0xD800 && code < 0xE000)) return std::nullopt;
  return code;
}

std::string unescaped(std::string_view text) {
  constexpr std::size_t kLength = 7;
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find("_x"), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::optional<std::uint32_t> code = escaped(text);
    if (code) {
      append_utf8(out, *code);
    } else {
      out += text.front();
    }
    text.remove_prefix(code ? kLength : 1);
  }
  return out;
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& part : node.children()) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) text += part.value();
  }
  return text;
}

template <typename Number>
std::optional<Number> whole(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<CellPlace> parse_place(std::string_view reference) noexcept {
  std::uint32_t column = 0;
  std::size_t letters = 0;
  while (letters < reference.size() && reference[letters] >= 'A' && reference[letters] <= 'Z') {
    column = column * 26 + static_cast<std::uint32_t>(reference[letters] - 'A') + 1;
    if (++letters > 3) return std::nullopt;
  }
  const std::optional<std::uint32_t> row = whole<std::uint32_t>(reference.substr(letters));
  if (letters == 0 || column > kColumns || !row || *row == 0 || *row > kRows) return std::nullopt;
  return CellPlace{*row, column - 1};
}

std::string column_letters(std::uint32_t column) {
  std::string letters;
  for (std::uint32_t left = column + 1; left > 0; left = (left - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (left - 1) % 26));
  }
  return letters;
}

std::optional<std::string> plain_number(std::string_view text) {
  const std::optional<double> value = whole<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  if (*value == 0) return "0";  // and not "-0"
  const double size = std::abs(*value);
  const bool plain = size >= 1e-6 && size < 1e15;
  std::array<char, 64> digits;
  const auto result =
      plain ? std::to_chars(digits.data(), digits.data() + digits.size(), *value, std::chars_format::fixed)
            : std::to_chars(digits.data(), digits.data() + digits.size(), *value);
  return std::string(digits.data(), result.ptr);
}

std::string rich_text(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& part : node.children()) {
    const std::string_view name = local_name(part.name());
    if (name == "t") text += text_of(part);
    if (name == "r") text += text_of(child(part, "t"));
  }
  return unescaped(text);
}

std::optional<std::string> cell_text(const pugi::xml_node& cell, const std::vector<std::string>& shared) {
  const std::string_view type = cell.attribute("t").as_string("n");
  if (type == "inlineStr") return rich_text(child(cell, "is"));
  const std::string whole_value = text_of(child(cell, "v"));
  if (type == "str") return unescaped(whole_value);
  const std::string_view value = base::without_blanks(whole_value, " \t\r\n");
  if (value.empty() || type == "e" || type == "d") return std::string(value);
  if (type == "s") {
    const std::optional<std::size_t> index = whole<std::size_t>(value);
    if (!index || *index >= shared.size()) return std::nullopt;
    return shared[*index];
  }
  if (type == "b") {
    if (value != "0" && value != "1") return std::nullopt;
    return value == "1" ? "TRUE" : "FALSE";
  }
  if (type != "n") return std::nullopt;
  return plain_number(value);
}

}  // namespace mi2::recipe
