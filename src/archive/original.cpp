#include "archive/original.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"
#include "archive/packed.hpp"
#include "archive/tiling.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "dicom/dicom.hpp"
#include "embedder/inputs.hpp"
#include "embedder/preparer.hpp"
#include "image/intensity.hpp"
#include "image/png.hpp"
#include "image/source.hpp"
#include "volume/volume.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

/// The bytes of a file: mapped, or in memory where they are unpacked, or those of a volume joined with its voxels
/// beside it.
class Bytes {
 public:
  Bytes(const embedder::Input& input, std::uint64_t max_bytes) {
    if (!input.read) {
      file_.emplace(input.path);
      if (!volume::looks_like_volume(file_->bytes())) return;
      file_.reset();
    }
    joined_ = embedder::read_input(input, max_bytes);
  }

  [[nodiscard]] std::span<const std::byte> all() const noexcept {
    return file_ ? file_->bytes() : std::span<const std::byte>(joined_);
  }
  /// @throws Error{kBadFile} if the file was written meanwhile.
  void check() const {
    if (file_) file_->check();
  }

 private:
  std::optional<base::MappedFile> file_;
  std::vector<std::byte> joined_;
};

/// @param zip  empty: it is in none. What was added from one could be unpacked: what cannot be is something else.
OriginalState state_of(const Error& error, const std::string& zip) {
  if (error.code() == Code::kTooLarge) return OriginalState::kTooLarge;
  if (error.code() == Code::kBadFile && !zip.empty() && std::ifstream(zip).good()) return OriginalState::kChanged;
  return error.code() == Code::kNotFound ? OriginalState::kGone : OriginalState::kUnreadable;
}

/// Whether these are the bytes that were added.
OriginalState state_of(const Original& original, const Stamp& stamp, const Bytes& bytes, std::uint64_t max_bytes) {
  if (original.stamp == number_of(stamp)) return OriginalState::kThere;
  if (bytes.all().size() > max_bytes) return OriginalState::kTooLarge;
  return base::sha256_hex(bytes.all()) == original.sha256 ? OriginalState::kThere : OriginalState::kChanged;
}

std::optional<Window> if_it_makes_sense(double center, double width) {
  if (!std::isfinite(center) || !std::isfinite(width) || width < 1) return std::nullopt;
  return Window{center, width};
}

/// Of a DICOM frame without a window of somebody's choice: the file's, else what its grey levels were chosen by.
std::optional<Window> own_window(const image::Source& source, std::uint64_t frame, const image::FrameInfo& info,
                                 const Intensity& intensity) {
  if (info.window) return if_it_makes_sense((*info.window)[0], (*info.window)[1]);
  bool any = false;
  const image::EachBlock each = [&](const image::UseBlock& use) {
    source.each_block(frame, [&](std::span<const float> samples, std::span<const std::uint64_t> occurrences) {
      any = any || !samples.empty();
      use(samples, occurrences);
    });
  };
  const image::Range range = image::intensity_range(each, intensity);
  if (!any) return std::nullopt;
  // The window of PS3.3 C.11.2.1.2, LINEAR, whose ends these are.
  return if_it_makes_sense((range.low + range.high) / 2 + 0.5, range.high - range.low + 1);
}

bool was_passed_over(const image::Image& image) {
  return std::any_of(image.warnings.begin(), image.warnings.end(),
                     [](const std::string& warning) { return warning.starts_with("not_ct"); });
}

image::Raster fitted(image::Raster raster, int side) {
  const int longer = std::max(raster.width, raster.height);
  if (longer <= side) return raster;
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(length) * side / longer)));
  };
  return image::resize_bicubic(raster, scaled(raster.width), scaled(raster.height));
}

}  // namespace

std::string way_of(const std::string& locator) {
  const std::size_t colon = locator.find(':');
  if (locator.starts_with('/') || colon == std::string::npos) return {};
  return locator.substr(0, colon);
}

std::string container_of(const std::string& locator) {
  std::error_code ignored;
  for (fs::path path = fs::path(locator).parent_path(); path.has_relative_path(); path = path.parent_path()) {
    if (fs::is_regular_file(path, ignored)) return path.string();
  }
  return {};
}

Original original_of(const ArchivedObject& object) {
  return {object.locator, object.sha256, object.file ? std::optional(object.file->stamp) : std::nullopt};
}

OriginalState with_original(const Original& original, std::uint64_t max_bytes,
                            const std::function<void(std::span<const std::byte>)>& use) {
  LastZip zips;
  return with_original(original, max_bytes, zips, use);
}

OriginalState with_original(const Original& original, std::uint64_t max_bytes, LastZip& zips,
                            const std::function<void(std::span<const std::byte>)>& use) {
  if (!original.locator.starts_with('/')) return OriginalState::kNoFile;
  const std::string zip = container_of(original.locator);
  const embedder::Input input =
      zip.empty() ? embedder::Input{original.locator} : zipped_input(zip, original.locator, zips);
  std::optional<Bytes> bytes;
  Stamp stamp;
  try {
    stamp = stamp_of(input);
    bytes.emplace(input, max_bytes);
    if (const OriginalState state = state_of(original, stamp, *bytes, max_bytes); state != OriginalState::kThere) {
      return state;
    }
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    return state_of(error, zip);
  }
  // A file that is cut under a reader makes it fail in any way.
  const auto changed = [&] {
    try {
      bytes->check();
      return stamp_of(input) != stamp;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      return true;
    }
  };
  try {
    use(bytes->all());
  } catch (const Error&) {
    if (!changed()) throw;
  }
  return changed() ? OriginalState::kChanged : OriginalState::kThere;
}

Picture picture_of(std::span<const std::byte> bytes, std::uint64_t frame, const ImageOptions& options,
                   const PictureOptions& wanted, std::string_view name) {
  ImageOptions how = options;
  how.profile = Profile::kRaw;
  how.window = wanted.window;
  how.max_file_bytes = std::max<std::uint64_t>(how.max_file_bytes, bytes.size());
  how.strict = false;
  how.fingerprint = false;
  const std::unique_ptr<image::Source> source = wanted.tile
                                                    ? open_tiles({bytes, wanted.file}, *wanted.tile, frame, how, name)
                                                    : embedder::open_source(bytes, name, how);
  const image::FrameInfo info = source->info(frame);
  image::Image image = source->read(frame);
  Picture picture;
  picture.columns = image.width;
  picture.rows = image.height;
  picture.spacing = info.spacing;
  const bool grey = image.mode == image::Mode::kGrey;
  const bool is_dicom = dicom::looks_like_dicom(bytes);
  const bool has_values = !wanted.tile && grey && (is_dicom || volume::looks_like_volume(bytes));
  if (has_values && wanted.window && !was_passed_over(image)) {
    picture.window = Window{wanted.window->center, wanted.window->width};
  } else if (has_values && is_dicom) {
    picture.window = own_window(*source, frame, info, how.intensity);
  }
  image::Raster raster = fitted(image::to_source(std::move(image), {}), wanted.side);
  if (wanted.invert) {
    for (std::uint8_t& sample : raster.samples) sample = static_cast<std::uint8_t>(255 - sample);
  }
  picture.png = image::encode_png(raster);
  return picture;
}

}  // namespace mi2::archive
