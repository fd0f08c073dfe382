#pragma once
// Small DICOM files made byte by byte, so that the tests do not trust the library under test to write them.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/dicom.hpp"

namespace mi2::dicom::testing {

inline constexpr std::string_view kExplicitUid = "1.2.840.10008.1.2.1";
inline constexpr std::uint32_t kPixels = 0x7FE00010;  ///< the tag of pixel data

/// Elements in explicit VR little endian, kept in tag order.
class Dataset {
 public:
  Dataset& put(std::uint32_t tag, std::string_view vr, std::string value);
  Dataset& text(std::uint32_t tag, std::string_view vr, std::string_view value);
  Dataset& us(std::uint32_t tag, const std::vector<std::uint16_t>& values);
  Dataset& words(std::uint32_t tag, const std::vector<std::uint16_t>& values);  ///< OW
  Dataset& sequence(std::uint32_t tag, const std::vector<Dataset>& items);
  Dataset& remove(std::uint32_t tag);

  [[nodiscard]] std::string body() const;
  /// With preamble and file meta information.
  [[nodiscard]] std::vector<std::byte> file(std::string_view transfer_syntax = kExplicitUid) const;

 private:
  std::map<std::uint32_t, std::string> elements_;  ///< whole elements, header and value
};

std::vector<std::byte> to_bytes(std::string_view text);
std::string little16(const std::vector<std::uint16_t>& values);
std::string little32(std::uint32_t value);

/// The attributes of a picture of `bits` allocated and stored; pixel data is still to be put.
Dataset picture(std::string_view photometric, std::uint16_t rows, std::uint16_t columns, std::uint16_t bits,
                std::uint16_t samples = 1);

/// Four pixels 0, 1, 2, 3 in 16 bits with a window whose steps are exact.
Dataset ramp();

/// The image of a file: its middle frame. @throws as open().
image::Image decode(std::span<const std::byte> file, const Options& options, std::string_view name);

/// What decode() makes of a dataset's file.
std::vector<std::uint8_t> pixels(const Dataset& dataset, const Options& options = {});

}  // namespace mi2::dicom::testing
