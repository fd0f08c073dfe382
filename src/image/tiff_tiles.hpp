#pragma once
// A TIFF whose tiles are read one at a time: whole slides. What its directories mean together is for who reads it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.hpp"

namespace mi2::image {

/// What a directory says. A block is what is decoded at once: a tile, or a strip. Sizes in pixels.
struct TiffDirectory {
  std::uint64_t offset = 0;
  bool sub = false;  ///< below the last directory before it that is not
  bool tiled = false;
  bool reduced = false;    ///< NewSubfileType says so
  bool hamamatsu = false;  ///< has the tags of an NDPI file
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t block_width = 0;
  std::uint32_t block_height = 0;
  std::string description;      ///< the first 64 KiB of ImageDescription
  std::string software;         ///< of Software
  std::string xmp;              ///< the first 4 KiB
  std::array<double, 2> mpp{};  ///< um between pixels, along x and y, by the resolution tags; 0: they do not say
};

class TiffTiles {
 public:
  /// @param bytes  outlive this; known to be a TIFF.
  /// @throws Error{kBadFile} if no directory can be read; {kTooLarge} for more than 1024.
  TiffTiles(std::span<const std::byte> bytes, std::string_view name);
  ~TiffTiles();
  TiffTiles(const TiffTiles&) = delete;
  TiffTiles& operator=(const TiffTiles&) = delete;

  /// In the file's order, those below another one after it.
  [[nodiscard]] const std::vector<TiffDirectory>& directories() const noexcept { return directories_; }
  /// Empty: there is none.
  [[nodiscard]] std::vector<std::byte> icc_profile(const TiffDirectory& directory) const;

  /// @throws Error{kUnsupported} naming what is not read of its samples; {kTooLarge} for blocks over 16 million pixels.
  void check(const TiffDirectory& directory) const;

  /// The block in this column and row of blocks, as grey or RGB of block_width x block_height; nullopt if the file has
  /// none there. What is past the image's edges is not defined. Safe to call from several threads.
  /// @throws Error{kBadFile} corrupt or truncated; as check().
  [[nodiscard]] std::optional<Image> read(const TiffDirectory& directory, std::uint64_t column,
                                          std::uint64_t row) const;

 private:
  struct Handle;
  [[nodiscard]] std::unique_ptr<Handle> take(const TiffDirectory& directory) const;
  void give_back(std::unique_ptr<Handle> handle) const;
  void find_directories();

  std::span<const std::byte> bytes_;
  std::string name_;
  std::vector<TiffDirectory> directories_;
  struct Pool;
  std::unique_ptr<Pool> pool_;  ///< open handles: a directory is read once for many of its blocks
};

}  // namespace mi2::image
