#pragma once
// A PNG's image data, unpacked by libdeflate in less than half the time that zlib takes, for libpng to read.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace mi2::image {

/// An IDAT chunk that says what others say, without packing it. libpng reads it as any other.
class StoredData {
 public:
  /// @param chunks  whole IDAT chunks, in order; @param size  in bytes of what they hold, unpacked.
  /// @returns nothing unless they hold just that and undamaged: libpng knows what to make of all else.
  static std::optional<StoredData> of(std::span<const std::span<const std::byte>> chunks, std::size_t size);

  /// The chunk, in parts that are valid while this lives, wherever it is moved.
  [[nodiscard]] const std::vector<std::span<const std::byte>>& parts() const noexcept { return parts_; }

 private:
  explicit StoredData(std::vector<std::byte> raw);

  std::vector<std::byte> raw_;
  std::vector<std::byte> frames_;  ///< what stands between the parts of raw_
  std::vector<std::span<const std::byte>> parts_;
};

}  // namespace mi2::image
