#pragma once
// A TIFF file in memory as libtiff reads it. For the sources that call libtiff.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>

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

/// Looks at directories before libtiff does, whose time grows with the square of the tags that they have.
class TiffDirectoryCheck {
 public:
  TiffDirectoryCheck(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  /// Those that follow each other from the first. What libtiff cannot read ends them.
  /// @throws Error{kBadFile} if they have more tags than any writer knows, or overlap.
  void check_chain();
  /// Those from an offset on. @throws as check_chain().
  void check_from(std::uint64_t offset);

 private:
  [[nodiscard]] bool is_big() const { return number(2, 2) == 43U; }
  /// A number in the file's byte order; nothing past its end.
  [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t at, std::size_t size) const;
  [[noreturn]] void refuse(std::string_view what) const;

  std::span<const std::byte> bytes_;
  std::string_view name_;
  std::unordered_set<std::uint64_t> seen_;  ///< offsets of directories
  std::bitset<65536> tags_;                 ///< of all of them
  std::uint64_t distinct_ = 0;              ///< tags
  std::uint64_t entries_ = 0;
};

/// @returns null if libtiff cannot read the first directory. `source` outlives the result.
Tiff open_tiff_stream(TiffStream& source, const DecodeOptions& options);

/// @throws Error{kBadFile} with what libtiff said.
[[noreturn]] void refuse_tiff(const TiffStream& stream, std::string_view name);

/// The page that libtiff stands at, turned as its Orientation tag says (Pillow does so for TIFF and no other format).
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}.
Image read_tiff_page(TIFF* tiff, TiffStream& source, const DecodeOptions& options, std::string_view name);

}  // namespace mi2::image
