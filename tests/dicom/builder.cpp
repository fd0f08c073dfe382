#include "builder.hpp"

#include <algorithm>
#include <array>

#include "support/middle_frame.hpp"

namespace mi2::dicom::testing {
namespace {

std::string element(std::uint32_t tag, std::string_view vr, std::string value) {
  constexpr std::array<std::string_view, 6> kLong = {"OB", "OD", "OF", "OW", "SQ", "UN"};
  if (value.size() % 2 != 0) value += vr == "OB" ? '\0' : ' ';
  std::string out = little16({static_cast<std::uint16_t>(tag >> 16), static_cast<std::uint16_t>(tag & 0xFFFF)});
  out += vr;
  if (std::find(kLong.begin(), kLong.end(), vr) != kLong.end()) {
    out += little16({0}) + little32(static_cast<std::uint32_t>(value.size()));
  } else {
    out += little16({static_cast<std::uint16_t>(value.size())});
  }
  return out + value;
}

}  // namespace

std::string little16(const std::vector<std::uint16_t>& values) {
  std::string out;
  for (const std::uint16_t v : values) {
    out += static_cast<char>(v & 0xFF);
    out += static_cast<char>(v >> 8);
  }
  return out;
}

std::string little32(std::uint32_t value) {
  return little16({static_cast<std::uint16_t>(value & 0xFFFF), static_cast<std::uint16_t>(value >> 16)});
}

Dataset& Dataset::put(std::uint32_t tag, std::string_view vr, std::string value) {
  elements_[tag] = element(tag, vr, std::move(value));
  return *this;
}

Dataset& Dataset::text(std::uint32_t tag, std::string_view vr, std::string_view value) {
  return put(tag, vr, std::string(value));
}

Dataset& Dataset::us(std::uint32_t tag, const std::vector<std::uint16_t>& values) {
  return put(tag, "US", little16(values));
}

Dataset& Dataset::words(std::uint32_t tag, const std::vector<std::uint16_t>& values) {
  return put(tag, "OW", little16(values));
}

Dataset& Dataset::sequence(std::uint32_t tag, const std::vector<Dataset>& items) {
  std::string value;
  for (const Dataset& item : items) {
    const std::string inner = item.body();
    value += little16({0xFFFE, 0xE000}) + little32(static_cast<std::uint32_t>(inner.size())) + inner;
  }
  return put(tag, "SQ", value);
}

Dataset& Dataset::remove(std::uint32_t tag) {
  elements_.erase(tag);
  return *this;
}

std::string Dataset::body() const {
  std::string out;
  for (const auto& [tag, bytes] : elements_) out += bytes;
  return out;
}

std::vector<std::byte> Dataset::file(std::string_view transfer_syntax) const {
  std::string uid(transfer_syntax);
  if (uid.size() % 2 != 0) uid += '\0';
  const std::string syntax = element(0x00020010, "UI", uid);
  const std::string length = element(0x00020000, "UL", little32(static_cast<std::uint32_t>(syntax.size())));
  return to_bytes(std::string(128, '\0') + "DICM" + length + syntax + body());
}

std::vector<std::byte> to_bytes(std::string_view text) {
  std::vector<std::byte> out(text.size());
  std::transform(text.begin(), text.end(), out.begin(), [](char c) { return static_cast<std::byte>(c); });
  return out;
}

Dataset picture(std::string_view photometric, std::uint16_t rows, std::uint16_t columns, std::uint16_t bits,
                std::uint16_t samples) {
  Dataset out;
  out.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7 ");
  out.us(0x00280002, {samples}).text(0x00280004, "CS", photometric);
  out.us(0x00280010, {rows}).us(0x00280011, {columns});
  const auto high = static_cast<std::uint16_t>(bits - 1);
  out.us(0x00280100, {bits}).us(0x00280101, {bits}).us(0x00280102, {high}).us(0x00280103, {0});
  return out;
}

Dataset ramp() {
  return picture("MONOCHROME2", 1, 4, 16)
      .text(0x00281050, "DS", "2")
      .text(0x00281051, "DS", "4")
      .words(kPixels, {0, 1, 2, 3});
}

image::Image decode(std::span<const std::byte> file, const Options& options, std::string_view name) {
  return test::middle_frame(open(file, options, name));
}

std::vector<std::uint8_t> pixels(const Dataset& dataset, const Options& options) {
  return decode(dataset.file(), options, "test").samples;
}

}  // namespace mi2::dicom::testing
