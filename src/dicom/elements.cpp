#include "dicom/elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <mi2/error.hpp>

#include "dicom/attributes.hpp"

namespace mi2::dicom {
namespace {

constexpr std::uint32_t kItemGroup = 0xFFFE;  ///< items and delimiters: without a VR
constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr Tag kItem = 0xFFFEE000;
constexpr Tag kItemEnd = 0xFFFEE00D;
constexpr Tag kSequenceEnd = 0xFFFEE0DD;

/// Each takes some 80 bytes. Ten thousand frames with their functional groups are a hundred thousand.
constexpr std::uint64_t kMaxKept = 1U << 21U;

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

Tag tag_at(Bytes bytes, std::size_t at, bool big) noexcept {
  return read16(bytes, at, big) << 16 | read16(bytes, at + 2, big);
}

std::string_view find_vr(std::span<const std::string_view> list, Bytes bytes, std::size_t at) noexcept {
  for (const std::string_view vr : list) {
    if (std::memcmp(vr.data(), bytes.data() + at, 2) == 0) return vr;
  }
  return {};
}

bool upper(std::uint32_t c) noexcept { return c >= 'A' && c <= 'Z'; }

/// An element's first bytes.
struct Head {
  Tag tag = 0;
  std::uint32_t length = 0;
  std::size_t value = 0;  ///< offset of the value
  std::string_view vr;    ///< empty: implicit VR, or none that PS3.5 knows

  [[nodiscard]] bool open() const noexcept { return length == kUndefined; }
  [[nodiscard]] bool fits(std::size_t end) const noexcept { return open() || length <= end - value; }
};

/// @returns nullopt if fewer bytes are left before `end` than the head takes.
std::optional<Head> read_head(Bytes bytes, std::size_t at, std::size_t end, Encoding encoding) noexcept {
  if (end - at < 8) return std::nullopt;
  const bool big = encoding.big_endian;
  Head head{tag_at(bytes, at, big), read32(bytes, at + 4, big), at + 8, {}};
  if (head.tag >> 16 == kItemGroup || !encoding.explicit_vr) return head;
  head.vr = find_vr(kShortVrs, bytes, at + 4);
  const bool a_vr = upper(byte_at(bytes, at + 4)) && upper(byte_at(bytes, at + 5));
  // Without letters in the VR's place it is a length, if it can be one: writers mix the two forms.
  if (!a_vr && head.fits(end)) return head;
  if (!a_vr || !head.vr.empty()) {
    head.length = read16(bytes, at + 6, big);
    return head;
  }
  // VRs yet to come have the long form (PS3.5 7.1.2).
  if (end - at < 12) return std::nullopt;
  head.vr = find_vr(kLongVrs, bytes, at + 4);
  head.length = read32(bytes, at + 8, big);
  head.value = at + 12;
  return head;
}

/// How the first element between `at` and `end` is written, where `usual` may not hold: in values of VR UN.
Encoding encoding_of(Bytes bytes, std::size_t at, std::size_t end, Encoding usual) noexcept {
  if (end - at < 8 || tag_at(bytes, at, usual.big_endian) >> 16 == kItemGroup) return usual;
  const bool known = !find_vr(kShortVrs, bytes, at + 4).empty() || !find_vr(kLongVrs, bytes, at + 4).empty();
  const bool letters = upper(byte_at(bytes, at + 4)) && upper(byte_at(bytes, at + 5));
  const bool fits = read32(bytes, at + 4, usual.big_endian) <= end - at - 8;
  return {known || (usual.explicit_vr && (letters || !fits)), usual.big_endian};
}

bool is_pixels(Tag tag) noexcept {
  return tag == tags::kPixelData || tag == tags::kFloatPixels || tag == tags::kDoublePixels;
}

}  // namespace

const Element* Item::find(Tag tag) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.element.tag == tag) return &entry.element;
  }
  return nullptr;
}

const Item* Item::item(Tag sequence, std::uint64_t index) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.element.tag == sequence) return index < entry.items.size() ? &entry.items[index] : nullptr;
  }
  return nullptr;
}

/// Offsets only grow, so the time is linear whatever the lengths say.
class Parser {
 public:
  Parser(Bytes bytes, std::string_view name, bool whole, FindAttribute find)
      : bytes_(bytes), name_(name), whole_(whole), find_(find) {}

  Parsed run(Encoding encoding) {
    Parsed out;
    warnings_ = &out.warnings;
    elements(Place{0, bytes_.size(), bytes_.size(), encoding, false, 0}, &out.item);
    return out;
  }

 private:
  /// Where elements or items are read.
  struct Place {
    std::size_t at;
    std::size_t end;    ///< of what holds them, as it says
    std::size_t limit;  ///< of what holds that: an item may be longer than it says
    Encoding encoding;
    bool open;  ///< they end with a delimiter
    int depth;
  };

  [[noreturn]] void refuse(Tag tag, std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: element ({:04X},{:04X}) {}", name_, tag >> 16, tag & 0xFFFF, what));
  }

  void warn(Tag tag, std::string_view what) {
    image::add_warning(*warnings_, fmt::format("damaged: element ({:04X},{:04X}) {}", tag >> 16, tag & 0xFFFF, what));
  }

  void count_kept() {
    if (++kept_ <= kMaxKept) return;
    throw Error(Code::kTooLarge, fmt::format("{}: more than {} elements and items", name_, kMaxKept));
  }

  /// @param into  nullptr: nothing is kept.    @returns the offset after them.
  std::size_t elements(Place p, Item* into) {
    bool after_empty = false;  // the element before is of length 0
    while (p.at < p.end && !done_) {
      const std::optional<Head> head = read_head(bytes_, p.at, p.end - p.at < 8 ? p.end : p.limit, p.encoding);
      if (!head) return p.end;
      if (head->tag >> 16 == kItemGroup) {
        if (p.open && head->tag == kItemEnd) return head->value;
        // A delimiter after a sequence of length 0 is the one it should not have.
        if (p.open && head->tag == kSequenceEnd && !after_empty) return p.at;
        if (p.depth > 0 && head->tag == kItem) return p.at;
        p.at = head->value;
        if (p.depth == 0 && !head->open() && head->fits(p.limit)) p.at += head->length;
        continue;
      }
      after_empty = head->length == 0;
      p.at = element(*head, p, into);
    }
    return p.at;
  }

  /// @returns the offset after it.
  std::size_t element(const Head& head, const Place& p, Item* into) {
    const Attribute* attribute = into != nullptr ? find_(head.tag) : nullptr;
    Item::Entry entry;
    entry.element = {head.tag, head.vr, p.encoding.big_endian, head.open(), 0, {}};
    const bool sequence = attribute != nullptr && attribute->kind == Kind::kSequence;
    if (head.open()) {
      const std::size_t end = open_value(head, p, sequence ? &entry.items : nullptr, entry.element);
      if (attribute != nullptr) keep(std::move(entry), *into);
      return end;
    }
    if (!head.fits(p.limit)) return overrun(head, p, attribute != nullptr ? into : nullptr, std::move(entry));
    const std::size_t end = head.value + head.length;
    if (attribute == nullptr) return end;
    if (end > p.end) warn(head.tag, "reaches over the item that it is in");
    entry.element.value = bytes_.subspan(head.value, head.length);
    if (sequence) {
      const Encoding usual = head.vr == "UN" ? Encoding{false, false} : p.encoding;
      items(Place{head.value, end, end, usual, false, p.depth + 1}, head.tag, &entry.items);
    }
    keep(std::move(entry), *into);
    return end;
  }

  void keep(Item::Entry entry, Item& into) {
    count_kept();
    const Element* first = into.find(entry.element.tag);
    if (first == nullptr) {
      const Tag tag = entry.element.tag;
      into.entries_.push_back(std::move(entry));
      // What follows the pixels is not used: padding, signatures, rests of other files. Only Rows may come late.
      done_ |= is_pixels(tag) && into.find(tags::kRows) != nullptr;
    } else if (!std::equal(first->value.begin(), first->value.end(), entry.element.value.begin(),
                           entry.element.value.end())) {
      warn(first->tag, "is there twice; the first is taken");
    }
  }

  /// An element that says more bytes than are left.
  std::size_t overrun(const Head& head, const Place& p, Item* into, Item::Entry entry) {
    const std::size_t left = p.limit - head.value;
    if (into != nullptr && is_pixels(head.tag) && p.depth == 0) {
      entry.element.missing = head.length - left;
      entry.element.value = bytes_.subspan(head.value, left);
      keep(std::move(entry), *into);
      return p.limit;
    }
    if (p.depth == 0 && !whole_) return p.limit;
    if (p.depth > 0 && into == nullptr) return p.limit;
    refuse(head.tag, fmt::format("says {} bytes, {} are left", head.length, left));
  }

  /// A value without a length. @returns the offset after its delimiter.
  std::size_t open_value(const Head& head, const Place& p, std::vector<Item>* into, Element& element) {
    const bool raw = is_pixels(head.tag) || head.vr == "OB" || head.vr == "OW";
    const bool has_items =
        p.limit - head.value >= 8 && tag_at(bytes_, head.value, p.encoding.big_endian) >> 16 == kItemGroup;
    if (raw && has_items) return fragments(head, p, element);
    // PS3.5 6.2.2: what was unknown is written in implicit VR little endian.
    const bool same = !p.encoding.explicit_vr || head.vr == "SQ";
    const Encoding usual = same ? p.encoding : Encoding{false, false};
    if (has_items || same) return items(Place{head.value, p.limit, p.limit, usual, true, p.depth + 1}, head.tag, into);
    return after_delimiter(head, p);
  }

  /// Neither a length nor items: the value ends where the bytes of a delimiter stand.
  std::size_t after_delimiter(const Head& head, const Place& p) const {
    static constexpr std::array<std::byte, 8> kEnd = {std::byte{0xFE}, std::byte{0xFF}, std::byte{0xDD},
                                                      std::byte{0xE0}};
    const Bytes rest = bytes_.subspan(head.value, p.limit - head.value);
    const auto found = std::search(rest.begin(), rest.end(), kEnd.begin(), kEnd.end());
    if (found == rest.end()) refuse(head.tag, "has neither a length nor an end");
    return head.value + static_cast<std::size_t>(found - rest.begin()) + kEnd.size();
  }

  std::size_t fragments(const Head& head, const Place& p, Element& element) {
    std::size_t at = head.value;
    std::size_t next = at;
    while (p.limit - at >= 8) {
      const Tag tag = tag_at(bytes_, at, p.encoding.big_endian);
      const std::uint32_t length = read32(bytes_, at + 4, p.encoding.big_endian);
      if (tag != kItem || length == kUndefined) {
        next = tag == kSequenceEnd ? at + 8 : at;
        break;
      }
      at += 8 + std::min<std::size_t>(length, p.limit - at - 8);
      next = at;
    }
    // The last one is kept with what it says, so that read_fragments() sees that it is cut.
    element.value = bytes_.subspan(head.value, at - head.value);
    return next;
  }

  /// @returns the offset after the items, and after their delimiter.
  std::size_t items(Place p, Tag sequence, std::vector<Item>* into) {
    if (p.depth > kMaxNesting) {
      throw Error(Code::kBadFile, fmt::format("{}: sequences nest deeper than {}", name_, kMaxNesting));
    }
    while (p.at < p.end) {
      const std::optional<Head> item = read_head(bytes_, p.at, p.end, p.encoding);
      if (!item) return p.end;
      if (item->tag == kSequenceEnd && p.open) return item->value;
      Place inside{item->value, p.end, p.end, p.encoding, true, p.depth};
      if (item->tag == kItem) {
        if (into != nullptr) into->emplace_back();
        if (into != nullptr) count_kept();
        inside.open = item->open();
        const bool too_long = !item->fits(p.end);
        if (!item->open() && !too_long) inside.end = item->value + item->length;
        if (too_long && into != nullptr) warn(sequence, "holds an item longer than itself");
      } else if (item->tag >> 16 == kItemGroup) {
        p.at = item->value;
        continue;
      } else {
        // Elements go on after the end that their item says.
        if (into != nullptr) warn(sequence, "holds items of wrong lengths");
        if (into != nullptr && into->empty()) return p.open ? p.at : p.end;
        inside = {p.at, p.end, p.end, p.encoding, false, p.depth};
      }
      inside.encoding = encoding_of(bytes_, inside.at, inside.end, p.encoding);
      p.at = elements(inside, into != nullptr ? &into->back() : nullptr);
    }
    return p.at;
  }

  Bytes bytes_;
  std::string_view name_;
  bool whole_;
  FindAttribute find_;
  bool done_ = false;
  std::uint64_t kept_ = 0;
  image::Warnings* warnings_ = nullptr;
};

Parsed parse(Bytes dataset, Encoding encoding, std::string_view name, bool whole, FindAttribute find) {
  return Parser(dataset, name, whole, find).run(encoding);
}

FragmentList read_fragments(const Element& element, std::string_view name) {
  FragmentList out;
  const Bytes bytes = element.value;
  for (std::size_t at = 0; bytes.size() - at >= 8;) {
    const std::uint32_t length = read32(bytes, at + 4, element.big_endian);
    const std::size_t left = bytes.size() - at - 8;
    out.cut = length > left;
    const std::size_t size = out.cut ? left : length;
    if (out.fragments.size() >= kMaxKept) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} fragments", name, kMaxKept));
    }
    out.fragments.push_back(bytes.subspan(at + 8, size));
    at += 8 + size;
  }
  return out;
}

Header read_header(Bytes file, std::string_view name) {
  constexpr std::string_view kPrefix = "DICM";
  Header header;
  if (file.size() >= 132 && std::memcmp(file.data() + 128, kPrefix.data(), kPrefix.size()) == 0) {
    header.has_prefix = true;
    header.dataset = 132;
  }
  while (file.size() - header.dataset >= 8 && read16(file, header.dataset, false) == 0x0002) {
    const bool has_vr = upper(byte_at(file, header.dataset + 4)) && upper(byte_at(file, header.dataset + 5));
    const std::optional<Head> head = read_head(file, header.dataset, file.size(), Encoding{has_vr, false});
    if (!head || head->length > file.size() - head->value) {
      throw Error(Code::kBadFile, fmt::format("{}: the file meta information is cut off", name));
    }
    if (head->tag == 0x00020010) {
      const Bytes value = file.subspan(head->value, head->length);
      header.transfer_syntax = trimmed({reinterpret_cast<const char*>(value.data()), value.size()});
    }
    header.dataset = head->value + head->length;
  }
  return header;
}

std::optional<Encoding> guess_encoding(Bytes dataset) noexcept {
  if (dataset.size() < 8) return std::nullopt;
  Encoding encoding;
  encoding.big_endian = read16(dataset, 0, true) < read16(dataset, 0, false);
  encoding.explicit_vr = !find_vr(kShortVrs, dataset, 4).empty() || !find_vr(kLongVrs, dataset, 4).empty();
  // There is none in DICOM.
  if (encoding.big_endian && !encoding.explicit_vr) return std::nullopt;
  const std::optional<Head> head = read_head(dataset, 0, dataset.size(), encoding);
  if (!head) return std::nullopt;
  const std::uint32_t group = head->tag >> 16;
  if (group == 0 || group > 0x7FE0 || !head->fits(dataset.size())) return std::nullopt;
  return encoding;
}

}  // namespace mi2::dicom
