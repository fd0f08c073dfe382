#pragma once
// Arrays of bytes in HDF5 files, as the library writes them by default since 1998: contiguous, compact, or in chunks
// that may be deflated. No library is linked for it: HDF5's own brings a network client along, and faults with broken
// files.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace mi2::recipe {

class Hdf5Bytes {
 public:
  /// The array `dataset` of the file's root.
  /// @param file  outlives it. @param name  what errors call it; outlives it, too.
  /// @throws Error{kBadFile} if it is no HDF5 file, is cut or has no such array; {kUnsupported} for another type than
  ///         unsigned bytes, another filter, or the format of libver="latest"; {kTooLarge} for chunks over the limits.
  Hdf5Bytes(std::span<const std::byte> file, std::string_view dataset, std::string_view name);

  /// One to eight axes.
  [[nodiscard]] const std::vector<std::uint64_t>& shape() const noexcept { return shape_; }
  /// Bytes of one entry along the first axis.
  [[nodiscard]] std::uint64_t row_bytes() const noexcept { return row_bytes_; }

  /// Hands over all entries along the first axis, some at a time and in order, until `use` returns false: the first
  /// entry's number, and whole rows. What was never written is 0. @throws Error{kBadFile}.
  void each_band(const std::function<bool(std::uint64_t first, std::span<const std::uint8_t> rows)>& use) const;

  static constexpr std::uint64_t kMaxChunkBytes = 64U << 20;
  static constexpr std::uint64_t kMaxBandBytes = 512U << 20;

 private:
  enum class Layout : std::uint8_t { kWhole, kChunked };
  struct Chunk {
    std::vector<std::uint64_t> offset;  ///< of its first entry, along each axis
    std::uint64_t address = 0;
    std::uint32_t size = 0;     ///< as stored
    std::uint32_t skipped = 0;  ///< filters, a bit each
  };

  class Parser;
  void each_whole_band(const std::function<bool(std::uint64_t, std::span<const std::uint8_t>)>& use) const;
  [[nodiscard]] std::vector<std::uint8_t> unpacked(const Chunk& chunk) const;
  void place(const Chunk& chunk, std::span<const std::uint8_t> bytes, std::uint64_t rows,
             std::span<std::uint8_t> band) const;

  std::span<const std::byte> file_;
  std::string_view name_;
  std::vector<std::uint64_t> shape_;
  std::uint64_t row_bytes_ = 1;
  Layout layout_ = Layout::kWhole;
  std::span<const std::byte> whole_;        ///< of kWhole; empty if it was never written
  std::vector<std::uint64_t> chunk_shape_;  ///< of kChunked
  std::vector<std::uint16_t> filters_;      ///< in the order in which they were applied
  std::vector<Chunk> chunks_;               ///< sorted by their first entries
};

}  // namespace mi2::recipe
