#pragma once
// A TIFF file in memory as libtiff reads it. For the sources that call libtiff.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <tiffio.h>

#include "image/image.hpp"

namespace mi2::image {

/// The file, as libtiff's callbacks see it, and what libtiff complained of.
struct TiffStream {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
  bool decoding = false;          ///< pixels are being read: from now on every warning is about them
  bool ends_early = false;        ///< a codec went on without the data that it lacked
  std::array<char, 160> error{};  ///< the first; empty: none
  Warnings warnings{};
};

struct CloseTiff {
  void operator()(TIFF* tiff) const noexcept { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

/// @returns null if libtiff cannot read the first directory. `source` outlives the result.
Tiff open_tiff_stream(TiffStream& source, const DecodeOptions& options);

/// @throws Error{kBadFile} with what libtiff said.
[[noreturn]] void refuse_tiff(const TiffStream& stream, std::string_view name);

/// The page that libtiff stands at, turned as its Orientation tag says (Pillow does so for TIFF and no other format).
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}.
Image read_tiff_page(TIFF* tiff, TiffStream& source, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
