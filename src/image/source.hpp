#pragma once
// An encoded image whose frames are read one at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <mi2/frames.hpp>

#include "image/image.hpp"

namespace mi2::image {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// At least 1. @throws as read().
  [[nodiscard]] virtual std::uint64_t frames() const { return 1; }
  /// The frame that represents the image.
  [[nodiscard]] virtual std::uint64_t middle() const { return 0; }
  /// What frame `index` is. @throws as read().
  [[nodiscard]] virtual FrameInfo info(std::uint64_t index) const;
  /// Decodes frame `index`; no other is kept. Safe to call from several threads.
  /// @throws Error{kBadFile} corrupt or truncated, {kUnsupported} a variant not read, {kTooLarge}.
  [[nodiscard]] virtual Picture read(std::uint64_t index) const = 0;
};

/// Whether a file that starts so is of a format that open() reads.
bool looks_like_image(std::span<const std::byte> head) noexcept;

/// Opens a PNG, JPEG, WebP or TIFF file held in memory, which must outlive the source. The pages of a TIFF are its
/// frames, without reduced copies and masks; an animation is its first frame. EXIF orientation is ignored.
/// @param name  what errors call the image (a path, "row 3").
/// @throws Error{kBadFile} empty, {kUnsupported} another format.
std::unique_ptr<Source> open(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

/// The pages of a TIFF, which `bytes` are known to be.
std::unique_ptr<Source> open_tiff(std::span<const std::byte> bytes, const DecodeOptions& options,
                                  std::string_view name);

}  // namespace mi2::image
