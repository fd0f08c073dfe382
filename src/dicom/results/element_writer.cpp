#include "dicom/results/element_writer.hpp"

#include <algorithm>
#include <array>

#include "base/little_endian.hpp"

namespace mi2::dicom::results {

void put_head(std::string& out, Tag tag, std::string_view vr, std::uint32_t length) {
  constexpr std::array<std::string_view, 9> kLong{"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN", "UT"};
  base::append_little_endian<std::uint16_t>(out, static_cast<std::uint16_t>(tag >> 16));
  base::append_little_endian<std::uint16_t>(out, static_cast<std::uint16_t>(tag & 0xFFFF));
  out += vr;
  if (std::find(kLong.begin(), kLong.end(), vr) == kLong.end()) {
    base::append_little_endian<std::uint16_t>(out, static_cast<std::uint16_t>(length));
    return;
  }
  base::append_little_endian<std::uint16_t>(out, 0);
  base::append_little_endian<std::uint32_t>(out, length);
}

void put_element(std::string& out, Tag tag, std::string_view vr, std::string value) {
  const bool bytes = vr == "UI" || vr == "OB";
  if (value.size() % 2 != 0) value += bytes ? '\0' : ' ';
  put_head(out, tag, vr, static_cast<std::uint32_t>(value.size()));
  out += value;
}

void put_mark(std::string& out, std::uint16_t element, std::uint32_t length) {
  base::append_little_endian<std::uint16_t>(out, 0xFFFE);
  base::append_little_endian<std::uint16_t>(out, element);
  base::append_little_endian<std::uint32_t>(out, length);
}

void put_item(std::string& out, const std::string& content) {
  put_mark(out, 0xE000, static_cast<std::uint32_t>(content.size()));
  out += content;
}

}  // namespace mi2::dicom::results
