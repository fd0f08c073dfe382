#include "dicom/frame_groups.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "dicom/dataset.hpp"

namespace mi2::dicom {
namespace {

constexpr Attribute kFrameType{0x00089007, Kind::kText}, kBValue{0x00189087, Kind::kDoubles},
    kTemporalPosition{0x00200100, Kind::kDecimal}, kTemporalIndex{0x00209128, Kind::kLongs};
constexpr Tag kDiffusion = 0x00189117, kMrFrameType = 0x00189226, kCtFrameType = 0x00189329, kPetFrameType = 0x00189751,
              kFrameContent = 0x00209111;

/// Ascending. Rows and the pixels, at which reading ends, are among them.
constexpr std::array kGrouping = std::to_array<Attribute>({
    {tags::kImageType, Kind::kText},
    kFrameType,
    kBValue,
    {kDiffusion, Kind::kSequence},
    {kMrFrameType, Kind::kSequence},
    {kCtFrameType, Kind::kSequence},
    {kPetFrameType, Kind::kSequence},
    kTemporalPosition,
    {kFrameContent, Kind::kSequence},
    kTemporalIndex,
    {tags::kRows, Kind::kWords},
    {tags::kShared, Kind::kSequence},
    {tags::kPerFrame, Kind::kSequence},
    {tags::kFloatPixels, Kind::kBytes},
    {tags::kDoublePixels, Kind::kBytes},
    {tags::kPixelData, Kind::kBytes},
});

const Attribute* find_grouping(Tag tag) noexcept { return find_in(kGrouping, tag); }

/// Whether LOCALIZER is among the values of an image type.
bool says_localizer(const Item& item, Tag tag) {
  // Every frame reads the value that all share: it is four values of 16 characters, whatever a file puts there.
  constexpr std::size_t kMost = 256;
  const Element* element = item.find(tag);
  if (element == nullptr) return false;
  std::string_view rest(reinterpret_cast<const char*>(element->value.data()), std::min(element->value.size(), kMost));
  while (true) {
    const std::size_t end = rest.find('\\');
    if (trimmed(rest.substr(0, end)) == "LOCALIZER") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

/// Nothing of a value that is longer than any number: every frame reads the value that all share.
std::optional<double> short_number(const Item& item, const Attribute& attribute) {
  constexpr std::size_t kMost = 64;
  const Element* element = item.find(attribute.tag);
  return element != nullptr && element->value.size() <= kMost ? number(item, attribute) : std::nullopt;
}

/// Where a frame is said to be another than the object as a whole.
void take_frame(const Item& data, std::uint64_t frame, image::FrameGroup& group) {
  for (const Tag types : {kMrFrameType, kCtFrameType, kPetFrameType}) {
    const Item* type = functional_group(data, frame, types);
    if (type == nullptr || type->find(kFrameType.tag) == nullptr) continue;
    group.localizer = says_localizer(*type, kFrameType.tag);
  }
  if (const Item* content = functional_group(data, frame, kFrameContent)) {
    if (const std::optional<double> time = short_number(*content, kTemporalIndex)) group.time = time;
  }
  if (const Item* diffusion = functional_group(data, frame, kDiffusion)) {
    if (const std::optional<double> b_value = short_number(*diffusion, kBValue)) group.b_value = b_value;
  }
}

}  // namespace

std::vector<image::FrameGroup> frame_groups(std::span<const std::byte> bytes, std::string_view name,
                                            std::uint64_t frames) {
  const Object object = load_header(bytes, name, find_grouping);
  const Item& data = object.data;
  image::FrameGroup whole;
  whole.localizer = says_localizer(data, tags::kImageType);
  whole.time = short_number(data, kTemporalPosition);
  whole.b_value = short_number(data, kBValue);
  std::vector<image::FrameGroup> groups(frames, whole);
  for (std::uint64_t i = 0; i < frames; ++i) take_frame(data, i, groups[i]);
  return groups;
}

}  // namespace mi2::dicom
