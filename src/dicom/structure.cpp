#include "dicom/structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include <mi2/error.hpp>

namespace mi2::dicom {
namespace {

constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr std::uint32_t kItem = 0xFFFEE000;
constexpr std::uint32_t kItemEnd = 0xFFFEE00D;
constexpr std::uint32_t kSequenceEnd = 0xFFFEE0DD;
constexpr std::uint32_t kPixelData = 0x7FE00010;

using Vr = std::array<char, 2>;

constexpr std::array kShortVrs =
    std::to_array<std::string_view>({"AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO",
                                     "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"});
constexpr std::array kLongVrs =
    std::to_array<std::string_view>({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"});

std::uint32_t byte_at(Bytes bytes, std::size_t at) noexcept { return std::to_integer<std::uint32_t>(bytes[at]); }

std::uint32_t read16(Bytes bytes, std::size_t at, bool big) noexcept {
  return big ? byte_at(bytes, at) << 8 | byte_at(bytes, at + 1) : byte_at(bytes, at + 1) << 8 | byte_at(bytes, at);
}

std::uint32_t read32(Bytes bytes, std::size_t at, bool big) noexcept {
  const std::uint32_t first = read16(bytes, at, big);
  const std::uint32_t second = read16(bytes, at + 2, big);
  return big ? first << 16 | second : second << 16 | first;
}

Vr vr_at(Bytes bytes, std::size_t at) noexcept {
  return {static_cast<char>(byte_at(bytes, at)), static_cast<char>(byte_at(bytes, at + 1))};
}

bool one_of(std::span<const std::string_view> list, const Vr& vr) noexcept {
  return std::find(list.begin(), list.end(), std::string_view(vr.data(), 2)) != list.end();
}

bool upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool lower(char c) noexcept { return c >= 'a' && c <= 'z'; }

/// VRs that PS3.5 does not know have the long form if they look like a VR (as DCMTK takes it), else the short one.
bool has_long_form(const Vr& vr) noexcept {
  return one_of(kLongVrs, vr) || (!one_of(kShortVrs, vr) && upper(vr[0]) && upper(vr[1]));
}

struct Element {
  std::uint32_t tag = 0;
  std::uint32_t length = 0;
  std::size_t value = 0;  ///< offset of the value
  Vr vr{};                ///< zeros in implicit VR
};

/// @returns nullopt if fewer bytes are left than the element's head needs.
std::optional<Element> read_element(Bytes bytes, std::size_t at, Encoding encoding) noexcept {
  const std::size_t left = bytes.size() - at;
  if (left < 8) return std::nullopt;
  const bool big = encoding.big_endian;
  Element out;
  out.tag = read16(bytes, at, big) << 16 | read16(bytes, at + 2, big);
  out.value = at + 8;
  if (out.tag >> 16 == 0xFFFE || !encoding.explicit_vr) {
    out.length = read32(bytes, at + 4, big);
    return out;
  }
  out.vr = vr_at(bytes, at + 4);
  if (!has_long_form(out.vr)) {
    out.length = read16(bytes, at + 6, big);
    return out;
  }
  if (left < 12) return std::nullopt;
  out.length = read32(bytes, at + 8, big);
  out.value = at + 12;
  return out;
}

class Walker {
 public:
  Walker(Bytes bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  /// Elements from `at` to `end` or a delimiter. @returns the offset after them.
  std::size_t elements(std::size_t at, std::size_t end, Encoding encoding, int depth, bool strict) const {
    while (at < end) {
      const std::optional<Element> element = read_element(bytes_, at, encoding);
      if (!element) return end;
      if (element->tag == kItemEnd || element->tag == kSequenceEnd) return element->value;
      at = skip(*element, encoding, depth, strict);
    }
    return at;
  }

 private:
  std::size_t skip(const Element& element, Encoding encoding, int depth, bool strict) const {
    const std::size_t left = bytes_.size() - element.value;
    // DCMTK takes the names of its internal VRs ("px", "ox") from files too, and reads other lengths after them.
    if (strict && lower(element.vr[0]) && lower(element.vr[1])) {
      throw Error(Code::kBadFile, fmt::format("{}: element ({:04X},{:04X}) has a VR that DICOM does not know", name_,
                                              element.tag >> 16, element.tag & 0xFFFF));
    }
    const bool unknown = element.vr == Vr{'U', 'N'};
    // PS3.5 6.2.2: what was unknown and of undefined length is written in implicit VR little endian.
    const Encoding inner = unknown ? Encoding{false, false} : encoding;
    if (element.length == kUndefined) {
      if (element.tag == kPixelData) return fragments(element.value, encoding);
      return items(element.value, bytes_.size(), inner, depth + 1, strict);
    }
    if (element.length > left) {
      if (!strict) return bytes_.size();
      throw Error(Code::kBadFile, fmt::format("{}: element ({:04X},{:04X}) says {} bytes, {} are left", name_,
                                              element.tag >> 16, element.tag & 0xFFFF, element.length, left));
    }
    const bool sequence = element.vr == Vr{'S', 'Q'};
    if (sequence || starts_with_item(element, inner)) {
      items(element.value, element.value + element.length, inner, depth + 1, strict && sequence);
    }
    return element.value + element.length;
  }

  /// Implicit VR does not say what is a sequence; its value starts with an item.
  bool starts_with_item(const Element& element, Encoding encoding) const {
    if (element.vr != Vr{} && element.vr != Vr{'U', 'N'}) return false;
    if (element.length < 8) return false;
    const std::uint32_t tag = read16(bytes_, element.value, encoding.big_endian) << 16 |
                              read16(bytes_, element.value + 2, encoding.big_endian);
    return tag == kItem;
  }

  std::size_t items(std::size_t at, std::size_t end, Encoding encoding, int depth, bool strict) const {
    if (depth > kMaxNesting) {
      throw Error(Code::kBadFile, fmt::format("{}: sequences nest deeper than {}", name_, kMaxNesting));
    }
    while (at < end) {
      const std::optional<Element> item = read_element(bytes_, at, encoding);
      if (!item) return end;
      const std::size_t left = bytes_.size() - item->value;
      const bool too_long = item->length != kUndefined && item->length > left;
      if (item->tag == kSequenceEnd) return item->value;
      if (strict && (item->tag != kItem || too_long)) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: a sequence holds no item, or one of more bytes than the {} left", name_, left));
      }
      if (item->tag != kItem) return end;
      const std::size_t stop = item->length > left ? bytes_.size() : item->value + item->length;
      at = elements(item->value, stop, encoding, depth, strict);
      if (item->length != kUndefined) at = stop;
    }
    return at;
  }

  std::size_t fragments(std::size_t at, Encoding encoding) const {
    while (at < bytes_.size()) {
      const std::optional<Element> item = read_element(bytes_, at, encoding);
      if (!item) break;
      if (item->tag == kSequenceEnd) return item->value;
      const std::size_t left = bytes_.size() - item->value;
      if (item->tag != kItem || item->length > left) {
        throw Error(Code::kBadFile, fmt::format("{}: a fragment of the pixel data says {} bytes, {} are left", name_,
                                                item->length, left));
      }
      at = item->value + item->length;
    }
    return bytes_.size();
  }

  Bytes bytes_;
  std::string_view name_;
};

}  // namespace

Header read_header(Bytes file, std::string_view name) {
  constexpr std::string_view kPrefix = "DICM";
  Header header;
  const auto matches = [&](std::size_t i) { return byte_at(file, 128 + i) == static_cast<unsigned char>(kPrefix[i]); };
  if (file.size() >= 132 && matches(0) && matches(1) && matches(2) && matches(3)) {
    header.has_prefix = true;
    header.dataset = 132;
  }
  while (file.size() - header.dataset >= 8 && read16(file, header.dataset, false) == 0x0002) {
    const bool has_vr = upper(vr_at(file, header.dataset + 4)[0]) && upper(vr_at(file, header.dataset + 4)[1]);
    const std::optional<Element> element = read_element(file, header.dataset, Encoding{has_vr, false});
    if (!element || element->length > file.size() - element->value) {
      throw Error(Code::kBadFile, fmt::format("{}: the file meta information is cut off", name));
    }
    if (element->tag == 0x00020010) {
      const Bytes value = file.subspan(element->value, element->length);
      header.transfer_syntax.clear();
      for (const std::byte b : value) header.transfer_syntax += static_cast<char>(b);
      while (!header.transfer_syntax.empty() &&
             (header.transfer_syntax.back() == '\0' || header.transfer_syntax.back() == ' ')) {
        header.transfer_syntax.pop_back();
      }
    }
    header.dataset = element->value + element->length;
  }
  return header;
}

std::optional<Encoding> guess_encoding(Bytes dataset) noexcept {
  if (dataset.size() < 8) return std::nullopt;
  Encoding encoding;
  encoding.big_endian = read16(dataset, 0, true) < read16(dataset, 0, false);
  const Vr vr = vr_at(dataset, 4);
  encoding.explicit_vr = one_of(kShortVrs, vr) || one_of(kLongVrs, vr);
  const std::optional<Element> element = read_element(dataset, 0, encoding);
  if (!element) return std::nullopt;
  const std::uint32_t group = element->tag >> 16;
  const bool fits = element->length == kUndefined || element->length <= dataset.size() - element->value;
  if (group == 0 || group > 0x7FE0 || !fits) return std::nullopt;
  return encoding;
}

void check_structure(Bytes dataset, Encoding encoding, std::string_view name) {
  const Walker walker(dataset, name);
  std::size_t at = 0;
  // A stray delimiter at the top level ends a walk but not DCMTK's reading.
  while (at < dataset.size()) at = walker.elements(at, dataset.size(), encoding, 0, true);
}

}  // namespace mi2::dicom
