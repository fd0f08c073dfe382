#pragma once
// A DICOM byte stream as elements. Only those that decide what an image looks like (attributes.hpp) are kept; all
// others are passed over by their length, so that what they hold cannot matter. Nothing is copied, and no length is
// believed.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/transfer_syntax.hpp"
#include "image/image.hpp"

namespace mi2::dicom {

using Bytes = std::span<const std::byte>;
using Tag = std::uint32_t;  ///< group << 16 | element

inline constexpr int kMaxNesting = 64;

/// An element as it is written.
struct Element {
  Tag tag = 0;
  std::string_view vr;  ///< of kVrs; empty in implicit VR, or where it is none of PS3.5
  bool big_endian = false;
  bool fragments = false;   ///< the value has no length of its own: items, of which the delimiter is left out
  std::size_t missing = 0;  ///< bytes that it says and that are not there
  Bytes value;
};

/// A dataset, or an item of a sequence. Views of the bytes it was read from.
class Item {
 public:
  /// nullptr if it is absent.
  [[nodiscard]] const Element* find(Tag tag) const noexcept;
  /// Item `index` of a sequence; nullptr if there is none.
  [[nodiscard]] const Item* item(Tag sequence, std::uint64_t index) const noexcept;

 private:
  friend class Parser;
  struct Entry {
    Element element;
    std::vector<Item> items;
  };
  std::vector<Entry> entries_;
};

/// Where the dataset starts and what the file meta information says of it.
struct Header {
  std::size_t dataset = 0;      ///< offset of the first element after group 0002
  std::string transfer_syntax;  ///< (0002,0010); empty if there is none
  bool has_prefix = false;      ///< "DICM" after a preamble of 128 bytes
};

/// @throws Error{kBadFile} if the meta information is cut off.
Header read_header(Bytes file, std::string_view name);

/// How the first element of a dataset is written; nullopt if the bytes cannot be an element.
std::optional<Encoding> guess_encoding(Bytes dataset) noexcept;

struct Attribute;
/// Which elements are kept; nullptr for one that is not.
using FindAttribute = const Attribute* (*)(Tag tag) noexcept;
const Attribute* find_attribute(Tag tag) noexcept;

struct Parsed {
  Item item;
  image::Warnings warnings;
};

/// Reads a dataset in time linear in its bytes. Stray delimiters, bytes after the pixel data, wrong lengths of items
/// and private values of any content are passed over; where they touch a sequence that is used, that is a warning.
/// @param whole  false: more bytes follow, so that an element that is cut is kept with what there is of it.
/// @param find   of the attributes that are kept.
/// @throws Error{kBadFile} if an element says more bytes than are left, before the pixel data was found; if sequences
///         nest deeper than kMaxNesting. {kTooLarge} if over two million elements and items would be kept.
Parsed parse(Bytes dataset, Encoding encoding, std::string_view name, bool whole = true,
             FindAttribute find = find_attribute);

/// The fragments in the value of an element that has them; `cut` if the last one says more bytes than are left.
struct FragmentList {
  std::vector<Bytes> fragments;
  bool cut = false;
};
/// @throws Error{kTooLarge} if they are over two million.
FragmentList read_fragments(const Element& element, std::string_view name);

}  // namespace mi2::dicom
