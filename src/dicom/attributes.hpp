#pragma once
// The attributes that decide what an image looks like, read by the dictionary (PS3.6) and not by the VR that a file
// gives them: writers, anonymisers and gateways are known to change VRs to UN, LO and others.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/elements.hpp"

namespace mi2::dicom {

namespace tags {
inline constexpr Tag kDirectory = 0x00041220, kReferencedFile = 0x00041500, kImageType = 0x00080008,
                     kSopClass = 0x00080016, kSopInstance = 0x00080018, kModality = 0x00080060, kStudy = 0x0020000D,
                     kSeries = 0x0020000E, kInstanceNumber = 0x00200013, kPosition = 0x00200032,
                     kOrientation = 0x00200037, kPlaneOrientation = 0x00209116, kPlanePosition = 0x00209113,
                     kSamplesPerPixel = 0x00280002, kPhotometric = 0x00280004, kPlanarConfiguration = 0x00280006,
                     kNumberOfFrames = 0x00280008, kRows = 0x00280010, kColumns = 0x00280011, kSpacing = 0x00280030,
                     kBitsAllocated = 0x00280100, kBitsStored = 0x00280101, kHighBit = 0x00280102,
                     kPixelRepresentation = 0x00280103, kPaddingValue = 0x00280120, kPaddingLimit = 0x00280121,
                     kWindowCenter = 0x00281050, kWindowWidth = 0x00281051, kRescaleIntercept = 0x00281052,
                     kRescaleSlope = 0x00281053, kVoiFunction = 0x00281056, kRedDescriptor = 0x00281101,
                     kRedData = 0x00281201, kSegmentedRedData = 0x00281221, kModalityLut = 0x00283000,
                     kLutDescriptor = 0x00283002, kLutData = 0x00283006, kVoiLut = 0x00283010,
                     kPixelMeasures = 0x00289110, kFrameVoi = 0x00289132, kPixelTransformation = 0x00289145,
                     kShared = 0x52009229, kPerFrame = 0x52009230, kExtendedOffsets = 0x7FE00001,
                     kFloatPixels = 0x7FE00008, kDoublePixels = 0x7FE00009, kPixelData = 0x7FE00010;
/// Of whole slides: PS3.3 C.8.12.4 and C.7.6.17.
inline constexpr Tag kConcatenationOffset = 0x00209228, kOrganization = 0x00209311, kIccProfile = 0x00282000,
                     kZOffset = 0x0040074A, kMatrixColumns = 0x00480006, kMatrixRows = 0x00480007,
                     kOpticalPaths = 0x00480105, kSlidePosition = 0x0048021A, kColumnPosition = 0x0048021E,
                     kRowPosition = 0x0048021F, kFocalPlanes = 0x00480303;
/// (60xx,0102) of any overlay, as of group 6000.
inline constexpr Tag kOverlayBit = 0x60000102;
}  // namespace tags

/// What a value is by the dictionary.
enum class Kind : std::uint8_t {
  kText,      ///< CS, UI
  kDecimal,   ///< DS, IS: numbers as text
  kWords,     ///< US, SS, OW
  kLongs,     ///< UL, SL
  kDoubles,   ///< FD
  kBytes,     ///< pixels and offsets
  kSequence,  ///< SQ
};

struct Attribute {
  Tag tag;
  Kind kind;
};

/// nullptr: there is none. @param ascending  by tag.
const Attribute* find_in(std::span<const Attribute> ascending, Tag tag) noexcept;

/// nullptr: what the element says is not used.
const Attribute* find_attribute(Tag tag) noexcept;

/// Text without blanks, control characters and NULs around it.
std::string trimmed(std::string_view text);

/// A number as PS3.5 writes DS and IS, and as others do: with a decimal comma, a D for an exponent, padding of any
/// kind.
/// @returns nullopt if it is none, or not finite.
std::optional<double> parse_number(std::string_view text);

/// Whether the element is there and has a value that is not blank.
bool present(const Item& item, Tag tag);

/// Value `index` of an element as a number, whatever its VR. nullopt: absent, empty, no finite number.
std::optional<double> number(const Item& item, Tag tag, std::size_t index = 0);
/// As number(), of an attribute that find_attribute() need not know.
std::optional<double> number(const Item& item, const Attribute& attribute, std::size_t index = 0);

/// The first `kCount` values; nullopt if there are fewer.
template <std::size_t kCount>
std::optional<std::array<double, kCount>> numbers(const Item& item, Tag tag) {
  std::array<double, kCount> values{};
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::optional<double> value = number(item, tag, i);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  return values;
}

/// As number(), for whole numbers of 16 bits, as they are in US and SS. nullopt also if it does not fit 0..65535.
std::optional<std::uint32_t> word(const Item& item, Tag tag);

/// The first value as text without surrounding blanks; empty if absent.
std::string text(const Item& item, Tag tag);

/// All 16-bit values of an element, as unsigned; empty if absent.
std::vector<std::uint16_t> words(const Item& item, Tag tag);

/// The item of a functional group that holds for frame `frame` (0-based): its own, else the shared one; nullptr if
/// there is neither. PS3.3 C.7.6.16.
const Item* functional_group(const Item& data, std::uint64_t frame, Tag group);

}  // namespace mi2::dicom
