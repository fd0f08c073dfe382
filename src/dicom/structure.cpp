#include "dicom/structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include <mi2/error.hpp>

namespace mi2::dicom {
namespace {

constexpr std::uint32_t kItemGroup = 0xFFFE;  ///< items and delimiters: without a VR
constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr std::uint32_t kItem = 0xFFFEE000;
constexpr std::uint32_t kItemEnd = 0xFFFEE00D;
constexpr std::uint32_t kSequenceEnd = 0xFFFEE0DD;
constexpr std::uint32_t kPixelData = 0x7FE00010;

/// DCMTK takes some 270 bytes for an element or item of 8. Ten thousand frames with their functional groups are a
/// million.
constexpr std::uint64_t kMaxElements = 1U << 21U;
/// Elements that DCMTK may pass over to put those that come late into their places, and private creators to find an
/// element's.
constexpr std::uint64_t kMaxSteps = 1U << 26U;

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

std::uint32_t tag_at(Bytes bytes, std::size_t at, bool big) noexcept {
  return read16(bytes, at, big) << 16 | read16(bytes, at + 2, big);
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
  out.tag = tag_at(bytes, at, big);
  out.value = at + 8;
  if (out.tag >> 16 == kItemGroup || !encoding.explicit_vr) {
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

/// Takes every length as DCMTK does (dcmdata/libsrc: dcitem.cc, dcsequen.cc). Where the two could come apart, so that
/// DCMTK would take lengths that nobody looked at, the file is refused.
class Walker {
 public:
  Walker(Bytes bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  /// All of the top level. A stray delimiter there ends a level here but not DCMTK's reading.
  void walk(Encoding encoding) {
    Level level;
    for (std::size_t at = 0; at < bytes_.size();) at = elements(at, bytes_.size(), encoding, level);
  }

 private:
  /// The elements of a dataset or an item so far, which DCMTK keeps sorted by insertion, searching from the last.
  struct Level {
    int depth = 0;
    std::uint64_t count = 0;
    std::uint64_t creators = 0;  ///< of private elements (PS3.5 7.8.1)
    std::uint32_t highest = 0;
  };

  /// Elements from `at` to `end` or a delimiter. @returns the offset after them.
  std::size_t elements(std::size_t at, std::size_t end, Encoding encoding, Level& level) {
    while (at < end) {
      const std::optional<Element> element = read_element(bytes_, at, encoding);
      if (!element) return bytes_.size();
      if (element->tag == kItemEnd || element->tag == kSequenceEnd) return element->value;
      count();
      take_place(element->tag, level);
      at = skip(*element, encoding, level.depth);
    }
    return at;
  }

  void take_place(std::uint32_t tag, Level& level) {
    const std::uint32_t number = tag & 0xFFFF;
    if (tag <= level.highest) steps_ += level.count;
    if ((tag >> 16 & 1) != 0) {
      if (number >= 0x1000) steps_ += level.creators;
      if (number >= 0x10 && number <= 0xFF) ++level.creators;
    }
    if (steps_ > kMaxSteps) {
      throw Error(Code::kTooLarge, fmt::format("{}: too many elements out of order, or too many private ones", name_));
    }
    level.highest = std::max(level.highest, tag);
    ++level.count;
  }

  void count() {
    if (++count_ <= kMaxElements) return;
    throw Error(Code::kTooLarge, fmt::format("{}: more than {} elements and items", name_, kMaxElements));
  }

  [[noreturn]] void refuse(const Element& element, std::string_view what) const {
    throw Error(Code::kBadFile,
                fmt::format("{}: element ({:04X},{:04X}) {}", name_, element.tag >> 16, element.tag & 0xFFFF, what));
  }

  std::size_t skip(const Element& element, Encoding encoding, int depth) {
    // DCMTK takes the names of its internal VRs ("px", "ox") from files too, and reads other lengths after them.
    if (lower(element.vr[0]) && lower(element.vr[1])) refuse(element, "has a VR that DICOM does not know");
    if (element.tag >> 16 == kItemGroup) refuse(element, "is outside of a sequence");
    if (element.length == kUndefined) return skip_undefined(element, encoding, depth);
    const std::size_t left = bytes_.size() - element.value;
    if (element.length > left) refuse(element, fmt::format("says {} bytes, {} are left", element.length, left));
    const std::size_t end = element.value + element.length;
    if (is_sequence(element, encoding) && items(element.value, end, encoding, depth + 1) != end) {
      refuse(element, "is a sequence whose items do not end where it does");
    }
    return end;
  }

  std::size_t skip_undefined(const Element& element, Encoding encoding, int depth) {
    const Vr vr = element.vr;
    const bool pixels = element.tag == kPixelData && (!encoding.explicit_vr || vr == Vr{'O', 'X'});
    if (pixels || vr == Vr{'O', 'B'} || vr == Vr{'O', 'W'}) return fragments(element.value, encoding);
    if (!encoding.explicit_vr || vr == Vr{'S', 'Q'}) return items(element.value, bytes_.size(), encoding, depth + 1);
    if (vr != Vr{'U', 'N'} && one_of(kLongVrs, vr)) {
      refuse(element, fmt::format("has VR {}, which needs a length", std::string_view(vr.data(), vr.size())));
    }
    // PS3.5 6.2.2: what was unknown is written in implicit VR little endian. VRs yet to come are read as UN.
    return items(element.value, bytes_.size(), Encoding{false, false}, depth + 1);
  }

  /// Whether DCMTK may read a value of known length as a sequence. Implicit VR does not say; what its dictionary has as
  /// a sequence starts with an item or with the delimiter.
  bool is_sequence(const Element& element, Encoding encoding) const {
    if (element.length == 0) return false;
    if (encoding.explicit_vr) return element.vr == Vr{'S', 'Q'};
    if (element.tag == kPixelData || bytes_.size() - element.value < 4) return false;
    const std::uint32_t tag = tag_at(bytes_, element.value, encoding.big_endian);
    return tag == kItem || tag == kSequenceEnd;
  }

  /// @returns the offset after the item that reaches `end`, or after the delimiter.
  std::size_t items(std::size_t at, std::size_t end, Encoding encoding, int depth) {
    if (depth > kMaxNesting) {
      throw Error(Code::kBadFile, fmt::format("{}: sequences nest deeper than {}", name_, kMaxNesting));
    }
    while (at < end) {
      const std::optional<Element> item = read_element(bytes_, at, encoding);
      if (!item) return bytes_.size();
      if (item->tag == kSequenceEnd) return item->value;
      count();
      const std::size_t left = bytes_.size() - item->value;
      const bool open = item->length == kUndefined;
      if (item->tag != kItem || (!open && item->length > left)) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: a sequence holds no item, or one of more bytes than the {} left", name_, left));
      }
      const std::size_t stop = open ? bytes_.size() : item->value + item->length;
      Level level{depth};
      at = elements(item->value, stop, encoding, level);
      if (!open && at != stop) {
        throw Error(Code::kBadFile, fmt::format("{}: an item of {} bytes whose elements take {}", name_, item->length,
                                                at - item->value));
      }
    }
    return at;
  }

  std::size_t fragments(std::size_t at, Encoding encoding) {
    while (at < bytes_.size()) {
      const std::optional<Element> item = read_element(bytes_, at, encoding);
      if (!item) break;
      if (item->tag == kSequenceEnd) return item->value;
      count();
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
  std::uint64_t count_ = 0;
  std::uint64_t steps_ = 0;
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
  // There is none in DICOM, and DCMTK reads a part of it as little endian.
  if (encoding.big_endian && !encoding.explicit_vr) return std::nullopt;
  const std::optional<Element> element = read_element(dataset, 0, encoding);
  if (!element) return std::nullopt;
  const std::uint32_t group = element->tag >> 16;
  const bool fits = element->length == kUndefined || element->length <= dataset.size() - element->value;
  if (group == 0 || group > 0x7FE0 || !fits) return std::nullopt;
  return encoding;
}

void check_structure(Bytes dataset, Encoding encoding, std::string_view name) { Walker(dataset, name).walk(encoding); }

}  // namespace mi2::dicom
