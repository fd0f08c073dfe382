#pragma once
// A slide as levels of blocks. The next format is another Pyramid, and a line in slide.cpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "image/image.hpp"

namespace mi2::slide {

/// Of a level, in its pixels.
struct Rectangle {
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
};

/// Sizes in pixels.
struct Level {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::uint64_t block_width = 0;  ///< of what is decoded at once
  std::uint64_t block_height = 0;
  std::array<double, 2> mpp{};  ///< um between pixels, along x and y; 0: the slide does not say
};

/// Safe to use from several threads.
class Pyramid {
 public:
  Pyramid() = default;
  Pyramid(const Pyramid&) = delete;
  Pyramid& operator=(const Pyramid&) = delete;
  virtual ~Pyramid() = default;

  /// The finest first; at least one.
  [[nodiscard]] const std::vector<Level>& levels() const noexcept { return levels_; }
  /// Of its colours; empty: it has none.
  [[nodiscard]] const std::vector<std::byte>& icc_profile() const noexcept { return icc_profile_; }
  /// Of the slide as a whole.
  [[nodiscard]] const image::Warnings& warnings() const noexcept { return warnings_; }

  /// RGB of a part of a level, white where the slide has no pixels. Only blocks that it touches are decoded.
  /// @throws Error{kBadFile}, {kUnsupported}.
  [[nodiscard]] virtual image::Image read(std::size_t level, const Rectangle& part) const;

  /// A block, grey or RGB of block_width x block_height; nullopt where the slide has none.
  /// @throws as read().
  [[nodiscard]] virtual std::optional<image::Image> block(std::size_t level, std::uint64_t column,
                                                          std::uint64_t row) const = 0;

 protected:
  std::vector<Level> levels_;
  std::vector<std::byte> icc_profile_;
  image::Warnings warnings_;
};

/// Puts the finest level first. @throws Error{kBadFile} for levels of other shapes than the finest's, or two alike.
void check_levels(const std::vector<Level>& levels, std::string_view name);

/// Whether two sizes are of one picture, up to what rounding does.
bool same_shape(const Level& finest, const Level& level) noexcept;

}  // namespace mi2::slide
