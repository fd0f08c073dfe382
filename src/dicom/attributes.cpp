#include "dicom/attributes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mi2::dicom {
namespace {

// Ascending.
constexpr std::array kAttributes = std::to_array<Attribute>({
    {tags::kDirectory, Kind::kSequence},
    {tags::kReferencedFile, Kind::kText},
    {tags::kImageType, Kind::kText},
    {tags::kSopClass, Kind::kText},
    {tags::kSopInstance, Kind::kText},
    {tags::kModality, Kind::kText},
    {tags::kStudy, Kind::kText},
    {tags::kSeries, Kind::kText},
    {tags::kInstanceNumber, Kind::kDecimal},
    {tags::kPosition, Kind::kDecimal},
    {tags::kOrientation, Kind::kDecimal},
    {tags::kPlanePosition, Kind::kSequence},
    {tags::kPlaneOrientation, Kind::kSequence},
    {tags::kConcatenationOffset, Kind::kLongs},
    {tags::kOrganization, Kind::kText},
    {tags::kSamplesPerPixel, Kind::kWords},
    {tags::kPhotometric, Kind::kText},
    {tags::kPlanarConfiguration, Kind::kWords},
    {tags::kNumberOfFrames, Kind::kDecimal},
    {tags::kRows, Kind::kWords},
    {tags::kColumns, Kind::kWords},
    {tags::kSpacing, Kind::kDecimal},
    {tags::kBitsAllocated, Kind::kWords},
    {tags::kBitsStored, Kind::kWords},
    {tags::kHighBit, Kind::kWords},
    {tags::kPixelRepresentation, Kind::kWords},
    {tags::kPaddingValue, Kind::kWords},
    {tags::kPaddingLimit, Kind::kWords},
    {tags::kWindowCenter, Kind::kDecimal},
    {tags::kWindowWidth, Kind::kDecimal},
    {tags::kRescaleIntercept, Kind::kDecimal},
    {tags::kRescaleSlope, Kind::kDecimal},
    {tags::kVoiFunction, Kind::kText},
    {tags::kRedDescriptor, Kind::kWords},
    {tags::kRedDescriptor + 1, Kind::kWords},
    {tags::kRedDescriptor + 2, Kind::kWords},
    {tags::kRedData, Kind::kWords},
    {tags::kRedData + 1, Kind::kWords},
    {tags::kRedData + 2, Kind::kWords},
    {tags::kSegmentedRedData, Kind::kWords},
    {tags::kIccProfile, Kind::kBytes},
    {tags::kModalityLut, Kind::kSequence},
    {tags::kLutDescriptor, Kind::kWords},
    {tags::kLutData, Kind::kWords},
    {tags::kVoiLut, Kind::kSequence},
    {tags::kPixelMeasures, Kind::kSequence},
    {tags::kFrameVoi, Kind::kSequence},
    {tags::kPixelTransformation, Kind::kSequence},
    {tags::kZOffset, Kind::kDecimal},
    {tags::kMatrixColumns, Kind::kLongs},
    {tags::kMatrixRows, Kind::kLongs},
    {tags::kOpticalPaths, Kind::kSequence},
    {tags::kSlidePosition, Kind::kSequence},
    {tags::kColumnPosition, Kind::kLongs},
    {tags::kRowPosition, Kind::kLongs},
    {tags::kFocalPlanes, Kind::kLongs},
    {tags::kShared, Kind::kSequence},
    {tags::kPerFrame, Kind::kSequence},
    {tags::kOverlayBit, Kind::kWords},
    {tags::kExtendedOffsets, Kind::kBytes},
    {tags::kFloatPixels, Kind::kBytes},
    {tags::kDoublePixels, Kind::kBytes},
    {tags::kPixelData, Kind::kBytes},
});

std::string_view text_of(const Element& element) noexcept {
  return {reinterpret_cast<const char*>(element.value.data()), element.value.size()};
}

/// Value `index` of a text that has several, separated by backslashes.
std::string_view part_of(std::string_view text, std::size_t index) noexcept {
  for (; index > 0; --index) {
    const std::size_t end = text.find('\\');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\\'));
}

/// `kBytes` bytes of value `index`, in the machine's order.
template <typename Value>
std::optional<double> binary(const Element& element, std::size_t index) noexcept {
  std::array<std::byte, sizeof(Value)> raw;
  if (element.value.size() / raw.size() <= index) return std::nullopt;
  std::copy_n(element.value.begin() + static_cast<std::ptrdiff_t>(index * raw.size()), raw.size(), raw.begin());
  if (element.big_endian) std::reverse(raw.begin(), raw.end());
  return static_cast<double>(std::bit_cast<Value>(raw));
}

/// As a VR of numbers says; nullopt for other VRs.
std::optional<double> by_vr(const Element& element, std::size_t index) noexcept {
  const std::string_view vr = element.vr;
  if (vr == "US") return binary<std::uint16_t>(element, index);
  if (vr == "SS") return binary<std::int16_t>(element, index);
  if (vr == "UL") return binary<std::uint32_t>(element, index);
  if (vr == "SL") return binary<std::int32_t>(element, index);
  if (vr == "FL") return binary<float>(element, index);
  if (vr == "FD") return binary<double>(element, index);
  if (vr == "UV") return binary<std::uint64_t>(element, index);
  if (vr == "SV") return binary<std::int64_t>(element, index);
  return std::nullopt;
}

bool holds_bytes(std::string_view vr) noexcept { return vr.empty() || vr == "UN" || vr.starts_with('O') || vr == "AT"; }

/// Numbers of 16 bits in a VR of other numbers, or of text; empty if they are none.
std::vector<std::uint16_t> other_words(const Element& element) {
  std::vector<std::uint16_t> out;
  const bool numeric = by_vr(element, 0).has_value();
  std::string_view rest = text_of(element);
  for (bool more = true; more;) {
    const std::size_t end = rest.find('\\');
    const std::optional<double> value = numeric ? by_vr(element, out.size()) : parse_number(rest.substr(0, end));
    if (numeric && !value) break;
    if (!value || !(*value >= -32768 && *value <= 65535)) return {};
    out.push_back(static_cast<std::uint16_t>(static_cast<std::int32_t>(*value)));
    more = numeric || end != std::string_view::npos;
    if (!numeric && more) rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

const Attribute* find_in(std::span<const Attribute> ascending, Tag tag) noexcept {
  const auto found =
      std::lower_bound(ascending.begin(), ascending.end(), tag, [](const Attribute& a, Tag t) { return a.tag < t; });
  return found != ascending.end() && found->tag == tag ? &*found : nullptr;
}

const Attribute* find_attribute(Tag tag) noexcept {
  // Overlays are the groups 6000 to 601E.
  if ((tag & 0xFFE1FFFFU) == tags::kOverlayBit) tag = tags::kOverlayBit;
  return find_in(kAttributes, tag);
}

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c >= 0 && c <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::optional<double> parse_number(std::string_view text) {
  std::string digits = trimmed(text);
  if (digits.find('.') == std::string::npos && std::count(digits.begin(), digits.end(), ',') == 1) {
    digits[digits.find(',')] = '.';
  }
  for (char& c : digits) {
    if (c == 'd' || c == 'D') c = 'e';
  }
  const char* first = digits.c_str();
  const char* const last = first + digits.size();
  if (first != last && *first == '+') ++first;
  if (first != last && *first == '+') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(first, last, value);
  if (error != std::errc() || end != last || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool present(const Item& item, Tag tag) {
  const Element* element = item.find(tag);
  if (element == nullptr) return false;
  const Kind kind = find_attribute(tag)->kind;
  const bool is_binary = by_vr(*element, 0).has_value() || kind == Kind::kWords || kind == Kind::kLongs;
  return is_binary ? !element->value.empty() : !trimmed(text_of(*element)).empty();
}

std::optional<double> number(const Item& item, Tag tag, std::size_t index) {
  const Attribute* known = find_attribute(tag);
  return number(item, Attribute{tag, known != nullptr ? known->kind : Kind::kText}, index);
}

std::optional<double> number(const Item& item, const Attribute& attribute, std::size_t index) {
  const Element* element = item.find(attribute.tag);
  if (element == nullptr) return std::nullopt;
  std::optional<double> value = by_vr(*element, index);
  if (!value) {
    const Kind kind = attribute.kind;
    const bool is_binary = kind == Kind::kWords || kind == Kind::kLongs || kind == Kind::kDoubles;
    const bool bytes = holds_bytes(element->vr);
    // Of a text VR the text; but words may have been given one.
    if (!is_binary || !bytes) value = parse_number(part_of(text_of(*element), index));
    if (!value && kind == Kind::kWords) value = binary<std::uint16_t>(*element, index);
    if (!value && kind == Kind::kLongs) value = binary<std::uint32_t>(*element, index);
    if (!value && kind == Kind::kDoubles && bytes) value = binary<double>(*element, index);
  }
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> word(const Item& item, Tag tag) {
  const std::optional<double> value = number(item, tag);
  if (!value || *value < 0 || *value > 65535) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::string text(const Item& item, Tag tag) {
  const Element* element = item.find(tag);
  return element == nullptr ? std::string() : trimmed(part_of(text_of(*element), 0));
}

std::vector<std::uint16_t> words(const Item& item, Tag tag) {
  const Element* element = item.find(tag);
  if (element == nullptr) return {};
  std::vector<std::uint16_t> out;
  if (!holds_bytes(element->vr) && element->vr != "US" && element->vr != "SS") {
    out = other_words(*element);
    if (!out.empty()) return out;
  }
  out.resize(element->value.size() / 2);
  if (!out.empty()) std::memcpy(out.data(), element->value.data(), out.size() * 2);
  // Bytes stay in their order, two to a word.
  const bool swap = element->big_endian && element->vr != "OB" && element->vr != "UN";
  for (std::uint16_t& w : out) {
    if (swap) w = static_cast<std::uint16_t>(w << 8 | w >> 8);
  }
  return out;
}

const Item* functional_group(const Item& data, std::uint64_t frame, Tag group) {
  const Item* own = data.item(tags::kPerFrame, frame);
  const Item* found = own != nullptr ? own->item(group, 0) : nullptr;
  if (found != nullptr) return found;
  const Item* shared = data.item(tags::kShared, 0);
  return shared != nullptr ? shared->item(group, 0) : nullptr;
}

}  // namespace mi2::dicom
