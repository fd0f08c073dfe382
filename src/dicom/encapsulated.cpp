#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <mi2/error.hpp>

#include "dicom/codestream.hpp"

namespace mi2::dicom {
namespace {

using Fragment = std::span<const std::uint8_t>;

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
std::vector<Fragment> read_fragments(DcmPixelSequence& sequence) {
  std::vector<Fragment> fragments;
  for (DcmObject* at = sequence.nextInContainer(nullptr); at != nullptr; at = sequence.nextInContainer(at)) {
    auto* item = dynamic_cast<DcmPixelItem*>(at);
    Uint8* data = nullptr;
    const bool found = item != nullptr && item->getLength() > 0 && item->getUint8Array(data).good() && data != nullptr;
    fragments.push_back(found ? Fragment(data, item->getLength()) : Fragment());
  }
  return fragments;
}

/// The fragments [first, last) that an offset table gives to a frame; empty if the table does not fit.
std::pair<std::size_t, std::size_t> by_offset_table(Fragment table, std::span<const Fragment> fragments,
                                                    std::uint64_t frames, std::uint64_t index) {
  if (table.size() / 4 != frames) return {};
  const auto entry = [&](std::uint64_t i) {
    const Fragment e = table.subspan(i * 4, 4);
    return static_cast<std::uint64_t>(e[0]) | static_cast<std::uint64_t>(e[1]) << 8 |
           static_cast<std::uint64_t>(e[2]) << 16 | static_cast<std::uint64_t>(e[3]) << 24;
  };
  const std::uint64_t begin = entry(index);
  const std::uint64_t end = index + 1 < frames ? entry(index + 1) : UINT64_MAX;
  std::size_t first = fragments.size();
  std::size_t last = fragments.size();
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if (offset == begin) first = i;
    if (offset == end) last = i;
    offset += 8 + fragments[i].size();
  }
  if (first >= last) return {};
  return {first, last};
}

/// Without a usable table a JPEG frame ends with the fragment that holds its end-of-image marker last.
std::pair<std::size_t, std::size_t> by_end_markers(std::span<const Fragment> fragments, std::uint64_t index) {
  std::uint64_t frame = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const Fragment& f = fragments[i];
    const auto ends_at = [&](std::size_t back) {
      return f.size() >= back && f[f.size() - back] == 0xFF && f[f.size() - back + 1] == 0xD9;
    };
    if (!ends_at(2) && !ends_at(3)) continue;
    if (frame == index) return {first, i + 1};
    ++frame;
    first = i + 1;
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> frame_codestream(const Object& object, std::uint64_t frames, std::uint64_t index,
                                           std::string_view name) {
  DcmPixelSequence& sequence = pixel_sequence(object, name);
  const std::vector<Fragment> all = read_fragments(sequence);
  const Fragment table = all.empty() ? Fragment() : all.front();
  const auto fragments = std::span(all).subspan(std::min<std::size_t>(all.size(), 1));
  std::pair<std::size_t, std::size_t> range{};
  if (frames == 1) {
    range = {0, fragments.size()};
  } else if (fragments.size() == frames) {
    range = {index, index + 1};
  } else {
    range = by_offset_table(table, fragments, frames, index);
    if (range.first == range.second && object.syntax.codec != Codec::kRle) range = by_end_markers(fragments, index);
  }
  std::vector<std::uint8_t> out;
  for (std::size_t i = range.first; i < range.second; ++i) {
    out.insert(out.end(), fragments[i].begin(), fragments[i].end());
  }
  if (out.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: frame {} of {} is not found in the {} fragments of the pixel data",
                                            name, index + 1, frames, fragments.size()));
  }
  return out;
}

}  // namespace mi2::dicom
