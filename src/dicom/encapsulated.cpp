#include "dicom/encapsulated.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include <mi2/error.hpp>

#include "dicom/codestream.hpp"

namespace mi2::dicom {
namespace {

using ItemBytes = std::span<const std::uint8_t>;

ItemBytes octets(Bytes bytes) noexcept { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

/// Whether the last bytes are an end-of-image marker, before padding of zeros.
bool ends_image(ItemBytes f) noexcept {
  while (!f.empty() && f.back() == 0) f = f.first(f.size() - 1);
  if (f.size() > 2 && f[f.size() - 2] == 0xD9 && f[f.size() - 3] == 0xFF) return true;
  return f.size() >= 2 && f[f.size() - 2] == 0xFF && f.back() == 0xD9;
}

/// Whether a codestream of JPEG, JPEG-LS or JPEG 2000 starts here.
bool starts_image(ItemBytes f) noexcept {
  if (f.size() < 4 || f[0] != 0xFF || f[2] != 0xFF) return f.size() >= 8 && f[4] == 'j' && f[5] == 'P' && f[6] == ' ';
  return f[1] == 0xD8 || (f[1] == 0x4F && f[3] == 0x51);
}

}  // namespace

Fragments::Fragments(const Object& object, const Element& pixels, std::uint64_t frames, std::string_view name)
    : frames_(frames) {
  if (!pixels.fragments) {
    throw Error(Code::kBadFile,
                fmt::format("{}: the pixel data is not in fragments, {} needs them", name, object.syntax.name));
  }
  const FragmentList list = read_fragments(pixels, name);
  cut_ = list.cut;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < list.fragments.size(); ++i) {
    const ItemBytes fragment = octets(list.fragments[i]);
    if (i == 0) {
      table_ = fragment;
      continue;
    }
    if (starts_image(fragment)) starts_.push_back(fragments_.size());
    if (ends_image(fragment)) ends_.push_back(fragments_.size());
    fragments_.push_back(fragment);
    offsets_.push_back(offset);
    offset += 8 + fragment.size();
  }
  // PS3.3 C.7.6.3: it stands in for an empty basic one.
  const Element* extended = object.data.find(tags::kExtendedOffsets);
  if (table_.empty() && extended != nullptr) {
    table_ = octets(extended->value);
    entry_ = 8;
  }
}

std::uint64_t Fragments::more() const noexcept {
  return frames_ == fragments_.size() || starts_.size() <= frames_ ? 0 : starts_.size() - frames_;
}

std::size_t Fragments::at_offset(std::uint64_t offset) const {
  const auto found = std::lower_bound(offsets_.begin(), offsets_.end(), offset);
  if (found == offsets_.end() || *found != offset) return fragments_.size();
  return static_cast<std::size_t>(found - offsets_.begin());
}

Fragments::Range Fragments::by_offset_table(std::uint64_t index) const {
  if (table_.size() / entry_ != frames_) return {};
  const auto entry = [&](std::uint64_t i) {
    std::uint64_t value = 0;
    for (std::size_t b = entry_; b > 0; --b) value = value << 8 | table_[i * entry_ + b - 1];
    return value;
  };
  const std::size_t first = at_offset(entry(index));
  const std::size_t last = index + 1 < frames_ ? at_offset(entry(index + 1)) : fragments_.size();
  if (first >= last) return {};
  return {first, last};
}

Fragments::Range Fragments::by_end_markers(std::uint64_t index) const {
  if (starts_.empty() || index >= ends_.size()) return {};
  return {index == 0 ? 0 : ends_[index - 1] + 1, ends_[index] + 1};
}

Fragments::Range Fragments::by_starts(std::uint64_t index) const {
  if (starts_.size() != frames_ || starts_.front() != 0) return {};
  return {starts_[index], index + 1 < frames_ ? starts_[index + 1] : fragments_.size()};
}

Fragments::Range Fragments::range_of(std::uint64_t index) const {
  if (frames_ == 1) return {0, more() == 0 ? fragments_.size() : starts_[1]};
  if (fragments_.size() == frames_) return {index, index + 1};
  for (const Range& range : {by_offset_table(index), by_starts(index), by_end_markers(index)}) {
    if (range.first != range.second) return range;
  }
  return {};
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
  if (cut_ && range.second == fragments_.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: the file ends in the middle of frame {} of {}", name, index + 1, frames_));
  }
  return out;
}

}  // namespace mi2::dicom
