#pragma once
// What a compressed frame says of itself. It is believed before the transfer syntax and the attributes: those are
// what gateways rewrite.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mi2::dicom {

enum class Coding : std::uint8_t { kJpeg, kJpegLs, kJpeg2000 };

std::string_view name_of(Coding coding) noexcept;

/// By the first bytes; nullopt for others, as of RLE.
std::optional<Coding> find_coding(std::span<const std::uint8_t> stream) noexcept;

/// Of a JPEG or JPEG-LS stream.
struct JpegHeader {
  unsigned process = 0;  ///< the second byte of the start-of-frame marker: 0xC0 baseline, .., 0xF7 JPEG-LS
  unsigned width = 0;
  unsigned height = 0;
  unsigned components = 0;
  unsigned precision = 0;             ///< bits a sample
  std::array<std::uint8_t, 3> ids{};  ///< of the first components
  bool subsampled = false;            ///< any component against another
  bool jfif = false;
  std::optional<unsigned> adobe;  ///< the transform of an Adobe marker: 0 RGB, 1 YCbCr
  std::uint64_t scans = 0;
  std::uint64_t restarts = 0;  ///< markers that the restart intervals promise, over all scans; JPEG only

  [[nodiscard]] bool lossless() const noexcept { return process == 0xC3; }
  [[nodiscard]] bool progressive() const noexcept { return process == 0xC2; }
};

/// @param at  where the coded bytes of a scan begin.
/// @returns the offset of the next marker that is neither a restart nor a stuffed byte; the stream's size if there is
///          none.
std::size_t after_scan(std::span<const std::uint8_t> stream, std::size_t at) noexcept;

/// @returns nullopt if the stream has no start of frame.
std::optional<JpegHeader> read_jpeg_header(std::span<const std::uint8_t> stream) noexcept;

/// Whether the samples of three components are YCbCr. Markers, component ids and sampling go before what the object
/// says; a lossless stream, which writers give the markers of lossy ones, says it by Adobe's marker and ids alone.
bool is_ycbcr(const JpegHeader& header, bool object_says_ybr) noexcept;

}  // namespace mi2::dicom
