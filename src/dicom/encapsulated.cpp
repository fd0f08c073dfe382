#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <mi2/error.hpp>

#include "dicom/encapsulated.hpp"

namespace mi2::dicom {
namespace {

using ItemBytes = std::span<const std::uint8_t>;

DcmPixelSequence& pixel_sequence(const Object& object, std::string_view name) {
  DcmElement* element = nullptr;
  object.data->findAndGetElement(DCM_PixelData, element);
  auto* pixels = dynamic_cast<DcmPixelData*>(element);
  DcmPixelSequence* sequence = nullptr;
  if (pixels != nullptr) {
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter* parameter = nullptr;
    pixels->getOriginalRepresentationKey(syntax, parameter);
    if (pixels->getEncapsulatedRepresentation(syntax, parameter, sequence).bad()) sequence = nullptr;
  }
  if (sequence == nullptr) {
    throw Error(Code::kBadFile,
                fmt::format("{}: the pixel data is not in fragments, {} needs them", name, object.syntax.name));
  }
  return *sequence;
}

/// The offset table and the fragments after it. getItem() would search for each from an end of the list.
std::vector<ItemBytes> read_items(DcmPixelSequence& sequence) {
  std::vector<ItemBytes> items;
  for (DcmObject* at = sequence.nextInContainer(nullptr); at != nullptr; at = sequence.nextInContainer(at)) {
    auto* item = dynamic_cast<DcmPixelItem*>(at);
    Uint8* data = nullptr;
    const bool found = item != nullptr && item->getLength() > 0 && item->getUint8Array(data).good() && data != nullptr;
    items.push_back(found ? ItemBytes(data, item->getLength()) : ItemBytes());
  }
  return items;
}

/// Whether the last bytes are an end-of-image marker, or one before a byte of padding.
bool ends_image(ItemBytes f) noexcept {
  const auto marker_at = [&](std::size_t back) {
    return f.size() >= back && f[f.size() - back] == 0xFF && f[f.size() - back + 1] == 0xD9;
  };
  return marker_at(2) || marker_at(3);
}

}  // namespace

Fragments::Fragments(const Object& object, std::uint64_t frames, std::string_view name)
    : frames_(frames), rle_(object.syntax.codec == Codec::kRle) {
  const std::vector<ItemBytes> items = read_items(pixel_sequence(object, name));
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i == 0) {
      table_ = items.front();
      continue;
    }
    if (ends_image(items[i])) ends_.push_back(fragments_.size());
    fragments_.push_back(items[i]);
    offsets_.push_back(offset);
    offset += 8 + items[i].size();
  }
}

std::size_t Fragments::at_offset(std::uint64_t offset) const {
  const auto found = std::lower_bound(offsets_.begin(), offsets_.end(), offset);
  if (found == offsets_.end() || *found != offset) return fragments_.size();
  return static_cast<std::size_t>(found - offsets_.begin());
}

Fragments::Range Fragments::by_offset_table(std::uint64_t index) const {
  if (table_.size() / 4 != frames_) return {};
  const auto entry = [&](std::uint64_t i) {
    const ItemBytes e = table_.subspan(i * 4, 4);
    return static_cast<std::uint64_t>(e[0]) | static_cast<std::uint64_t>(e[1]) << 8 |
           static_cast<std::uint64_t>(e[2]) << 16 | static_cast<std::uint64_t>(e[3]) << 24;
  };
  const std::size_t first = at_offset(entry(index));
  const std::size_t last = index + 1 < frames_ ? at_offset(entry(index + 1)) : fragments_.size();
  if (first >= last) return {};
  return {first, last};
}

Fragments::Range Fragments::by_end_markers(std::uint64_t index) const {
  if (index >= ends_.size()) return {};
  return {index == 0 ? 0 : ends_[index - 1] + 1, ends_[index] + 1};
}

Fragments::Range Fragments::range_of(std::uint64_t index) const {
  if (frames_ == 1) return {0, fragments_.size()};
  if (fragments_.size() == frames_) return {index, index + 1};
  const Range range = by_offset_table(index);
  // Without a usable table a JPEG frame ends with the fragment that holds its end-of-image marker last.
  return range.first == range.second && !rle_ ? by_end_markers(index) : range;
}

void Fragments::check(std::string_view name) const {
  if (frames_ <= std::max<std::uint64_t>(1, fragments_.size())) return;
  throw Error(Code::kBadFile,
              fmt::format("{}: expected at least a fragment of pixel data for each of {} frames, got {}", name, frames_,
                          fragments_.size()));
}

std::vector<std::uint8_t> Fragments::codestream(std::uint64_t index, std::string_view name) const {
  const Range range = range_of(index);
  std::vector<std::uint8_t> out;
  for (std::size_t i = range.first; i < range.second; ++i) {
    out.insert(out.end(), fragments_[i].begin(), fragments_[i].end());
  }
  if (out.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: frame {} of {} is not found in the {} fragments of the pixel data",
                                            name, index + 1, frames_, fragments_.size()));
  }
  return out;
}

}  // namespace mi2::dicom
