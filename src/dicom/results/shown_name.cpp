#include "dicom/results/shown_name.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "dicom/attributes.hpp"
#include "dicom/results/copied_values.hpp"

namespace mi2::dicom::results {
namespace {

constexpr Tag kConversionType = 0x00080064, kBurnedIn = 0x00280301, kRecognisable = 0x00280302;

using Said = std::pair<std::string_view, std::string_view>;

/// PS3.4 B.5; those that end with a dot are how others start.
constexpr std::array kSpokenOf = std::to_array<Said>({
    {"1.2.840.10008.5.1.4.1.1.7", "secondary capture"},
    {"1.2.840.10008.5.1.4.1.1.7.", "secondary capture"},
    {"1.2.840.10008.5.1.4.1.1.3", "ultrasound"},
    {"1.2.840.10008.5.1.4.1.1.3.1", "ultrasound"},
    {"1.2.840.10008.5.1.4.1.1.6", "ultrasound"},
    {"1.2.840.10008.5.1.4.1.1.6.", "ultrasound"},
    {"1.2.840.10008.5.1.4.1.1.77.1.1", "endoscopy"},
    {"1.2.840.10008.5.1.4.1.1.77.1.1.", "endoscopy"},
    {"1.2.840.10008.5.1.4.1.1.77.1.4", "photograph"},
    {"1.2.840.10008.5.1.4.1.1.77.1.4.", "photograph"},
    {"1.2.840.10008.5.1.4.1.1.77.1.6", "whole slide"},
});

/// PS3.3 C.8.6.1 and C.7.6.1.1.2, and what scanners write for pictures of their screens.
constexpr std::array kConversions = std::to_array<std::string_view>({"DV", "DF", "SD", "SI", "DRW", "WSD"});
constexpr std::array kScreens = std::to_array<std::string_view>({"SCREEN SAVE", "SCREEN_SAVE", "SCREENSAVE"});

bool says(const Item& data, Tag tag, std::string_view value) {
  const Element* const element = data.find(tag);
  if (element == nullptr) return false;
  const std::vector<std::string> values = values_of(upper(text_of(element->value, kMaxDescription)));
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool has_overlay_bits(const Item& data) {
  const auto set = [](std::byte byte) { return byte != std::byte{0}; };
  for (Tag group = 0; group < 16; ++group) {
    const Element* const bit = data.find(tags::kOverlayBit + (group << 17));
    if (bit != nullptr && std::any_of(bit->value.begin(), bit->value.end(), set)) return true;
  }
  return false;
}

}  // namespace

bool is_overlay_bit(Tag tag) { return (tag & 0xFFE1FFFFU) == tags::kOverlayBit; }

std::string_view shown_name(const Item& data, const Description& said) {
  for (const auto& [uid, name] : kSpokenOf) {
    if (said.sop_class == uid || (uid.ends_with('.') && said.sop_class.starts_with(uid))) return name;
  }
  for (const auto& [modality, name] : {Said{"US", "ultrasound"}, {"IVUS", "ultrasound"}, {"ES", "endoscopy"}}) {
    if (upper(said.modality) == modality) return name;
  }
  if (says(data, kBurnedIn, "YES")) return "burned-in annotation";
  if (says(data, kRecognisable, "YES")) return "recognizable visual features";
  for (const std::string_view conversion : kConversions) {
    if (says(data, kConversionType, conversion)) return "picture of a film or a screen";
  }
  for (const std::string_view screen : kScreens) {
    if (says(data, tags::kImageType, screen)) return "picture of a film or a screen";
  }
  return has_overlay_bits(data) ? "overlay in the pixels" : std::string_view();
}

bool can_be_masked(std::string_view shown) {
  constexpr std::array kEverywhere =
      std::to_array<std::string_view>({"overlay in the pixels", "recognizable visual features", "whole slide"});
  return std::find(kEverywhere.begin(), kEverywhere.end(), shown) == kEverywhere.end();
}

}  // namespace mi2::dicom::results
