#pragma once
// OpenSlide, found when the program runs: libopenslide.so.1 (4.x) or libopenslide.so.0 (3.4). Its functions have not
// changed since 3.4.0.

#include <cstdint>

namespace mi2::slide {

struct OpenSlideFile;  ///< openslide_t

struct OpenSlideLibrary {
  const char* (*detect_vendor)(const char* path) = nullptr;
  OpenSlideFile* (*open)(const char* path) = nullptr;
  void (*close)(OpenSlideFile* file) = nullptr;
  std::int32_t (*get_level_count)(OpenSlideFile* file) = nullptr;
  void (*get_level_dimensions)(OpenSlideFile* file, std::int32_t level, std::int64_t* width,
                               std::int64_t* height) = nullptr;
  double (*get_level_downsample)(OpenSlideFile* file, std::int32_t level) = nullptr;
  /// Premultiplied ARGB; x and y are of level 0.
  void (*read_region)(OpenSlideFile* file, std::uint32_t* pixels, std::int64_t x, std::int64_t y, std::int32_t level,
                      std::int64_t width, std::int64_t height) = nullptr;
  const char* (*get_error)(OpenSlideFile* file) = nullptr;
  const char* (*get_property_value)(OpenSlideFile* file, const char* name) = nullptr;
  /// Only in 4.0 and later; null before.
  std::int64_t (*get_icc_profile_size)(OpenSlideFile* file) = nullptr;
  void (*read_icc_profile)(OpenSlideFile* file, void* profile) = nullptr;
};

/// nullptr if it is not installed.
const OpenSlideLibrary* openslide_library();

}  // namespace mi2::slide
