#pragma once
// What a compressed frame says of itself, and the codecs that undo it.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/frame.hpp"

namespace mi2::dicom {

/// The fragments of an encapsulated object, indexed once, so that each frame is found at once.
class Fragments {
 public:
  /// @param object  outlives this.   @throws Error{kBadFile} if the pixel data is not in fragments.
  Fragments(const Object& object, std::uint64_t frames, std::string_view name);

  /// The bytes of frame `index`: its fragments joined. One fragment per frame, or one frame in all, or by the basic
  /// offset table, or (JPEG) by end-of-image markers.
  /// @throws Error{kBadFile} if the frame's fragments cannot be told from the others.
  [[nodiscard]] std::vector<std::uint8_t> codestream(std::uint64_t index, std::string_view name) const;

 private:
  using Fragment = std::span<const std::uint8_t>;
  /// Fragments [first, last); empty if they are not known.
  using Range = std::pair<std::size_t, std::size_t>;

  [[nodiscard]] Range range_of(std::uint64_t index) const;
  [[nodiscard]] Range by_offset_table(std::uint64_t index) const;
  [[nodiscard]] Range by_end_markers(std::uint64_t index) const;
  [[nodiscard]] std::size_t at_offset(std::uint64_t offset) const;

  std::uint64_t frames_;
  bool rle_;
  Fragment table_;                      ///< the basic offset table
  std::vector<Fragment> fragments_;     ///< those after it
  std::vector<std::uint64_t> offsets_;  ///< of each fragment's item, from the first; ascending
  std::vector<std::size_t> ends_;       ///< the fragments that end with an end-of-image marker
};

struct JpegHeader {
  unsigned width = 0;
  unsigned height = 0;
  unsigned components = 0;
  unsigned precision = 0;  ///< bits a sample
};

/// The start-of-frame segment of a JPEG or JPEG-LS stream; nullopt if there is none.
std::optional<JpegHeader> read_jpeg_header(const std::vector<std::uint8_t>& stream);

/// Decodes JPEG and JPEG-LS with DCMTK. Updates `layout` (depth, planes, colour model) to what came out.
/// @throws Error{kBadFile} if the stream is broken or disagrees with `layout`.
std::vector<std::uint8_t> decode_jpeg(const std::vector<std::uint8_t>& stream, const Object& object, Layout& layout,
                                      std::string_view name);

/// Decodes DICOM RLE (PS3.5 annex G). @returns samples by pixel, little endian; 1-bit samples still packed.
/// @throws Error{kBadFile} if the segments are not those of `layout` or too short.
std::vector<std::uint8_t> decode_rle(const std::vector<std::uint8_t>& stream, const Layout& layout,
                                     std::string_view name);

}  // namespace mi2::dicom
