#pragma once
// An encoded image of several frames, prepared for a model one at a time.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <mi2/export.h>
#include <mi2/frames.hpp>
#include <mi2/image.hpp>

namespace mi2 {

/// The frames of a file that ImageOptions::frames selects; made by Embedder::open_image or open_slide. Holds the file's
/// bytes (of a slide, maps them), and no frame: memory does not grow with their number.
class MI2_EXPORT EncodedImage {
 public:
  EncodedImage(EncodedImage&&) noexcept;
  EncodedImage& operator=(EncodedImage&&) noexcept;
  ~EncodedImage();

  /// How many frames are selected, at least 1.
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Which frame of the file the selected frame `i` is. May count the pages of a TIFF. @throws Error{kBadFile}.
  [[nodiscard]] FramePlace place(std::uint64_t i) const;
  /// Decodes and preprocesses the selected frame `i`. Safe to call from several threads.
  /// @throws Error{kBadArgument} unless i < size(); {kBadFile}, {kUnsupported}, {kTooLarge}.
  [[nodiscard]] Pixels prepare(std::uint64_t i) const;
  /// As prepare.
  /// @param see  is shown the decoded frame in its own size, "L" or "RGB", before the profile's steps.
  [[nodiscard]] Pixels prepare(std::uint64_t i, const std::function<void(const ImageView& frame)>& see) const;

 private:
  friend class Embedder;
  struct MI2_HIDDEN Impl;
  explicit EncodedImage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2
