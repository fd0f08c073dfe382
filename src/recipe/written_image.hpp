#pragma once
// Images that a step writes because the dataset does not have them as files.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/partial.hpp"
#include "image/resize.hpp"

namespace mi2::recipe {

/// A text of a dataset as the name of a folder: letters, digits, '-', '_' and '.' stay.
std::string folder_name(std::string_view text);

/// Writes hundreds of thousands of PNG files below a folder. Each appears whole or not at all to whoever looks; to
/// flush each to the disk would take hours, so all are flushed by finish(), before a manifest names them. Until an
/// image is whole it is in a folder of this writer's own, which the next run removes if this one is killed.
class ImageWriter {
 public:
  explicit ImageWriter(std::filesystem::path folder);

  /// One that is there with the same bytes is left alone, so that a run that was ended goes on where it was.
  /// @returns its path. @throws Error{kBadFile}.
  std::filesystem::path write(const std::filesystem::path& relative, const image::RasterView& raster);
  /// All are on the disk. @throws Error{kBadFile}.
  void finish();

 private:
  std::filesystem::path folder_;
  std::optional<base::Partial> unfinished_;  ///< since the first image that was not there
};

}  // namespace mi2::recipe
