#pragma once
// Image -> the model's pixels: the one path from bytes to a model, for every program and service.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <mi2/image.hpp>

#include "image/image.hpp"
#include "image/source.hpp"
#include "slide/slide.hpp"

namespace mi2::embedder {

/// The size of a model's image, which tiles of whole slides have. Pixels.
struct ModelSize {
  int width = 0;
  int height = 0;
};

/// Opens an encoded image: the one place that knows DICOM objects, volumes and slides from pictures. `encoded` outlives
/// it.
/// @param name  what errors call it.
/// @param size  needed where ImageOptions::slide is set.
/// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}; {kBadArgument} as slide::open().
std::unique_ptr<image::Source> open_source(std::span<const std::byte> encoded, std::string_view name,
                                           const ImageOptions& options, ModelSize size = {});

/// What slide::open() takes of the options of an image.
slide::Options slide_options(const ImageOptions& options, ModelSize size);

/// All bytes of an image's file. The header of a volume comes with the voxels that are in a file beside it, as one
/// file.
/// @throws as base::read_file, volume::data_file, volume::joined.
std::vector<std::byte> read_image(const std::filesystem::path& path, std::uint64_t max_bytes);

/// The file beside an image's that read_image() takes its voxels from; nothing if there is none, or it cannot be told.
/// Of what is no volume only the first bytes are read.
std::optional<std::filesystem::path> voxels_beside(const std::filesystem::path& path);

/// ImageOptions checked once, so that a mistake in them is reported before anything slow happens.
class Preparer {
 public:
  /// @throws Error{kBadArgument} for an option that makes no sense.
  explicit Preparer(const ImageOptions& options);

  /// Decodes one image to what prepare() resizes: 8-bit grey or RGB in its own size (after the profile's steps).
  /// Safe to call from several threads.
  /// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}, as all of these; {kBadFile} also for warnings under strict.
  [[nodiscard]] image::Raster decode(std::span<const std::byte> encoded, std::string_view name) const;

  /// Decodes and preprocesses one image to width x height. Safe to call from several threads.
  /// @param name  what errors call it.
  /// @param see  as EncodedImage::prepare().
  /// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}; {kBadArgument} if ImageOptions::frames selects several.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name, int width, int height,
                               const image::See& see = {}) const;
  /// The same, and where the time went.
  [[nodiscard]] TimedPixels prepare_timed(std::span<const std::byte> encoded, std::string_view name, int width,
                                          int height) const;

  /// As prepare, of frame `frame` of an opened image, from 0. @param see  as EncodedImage::prepare().
  /// @throws as image::Source::read.
  [[nodiscard]] Pixels prepare(const image::Source& source, std::uint64_t frame, std::string_view name, int width,
                               int height, const image::See& see = {}) const;

  /// As prepare, of an image that is decoded already. @throws Error{kBadArgument}, {kUnsupported}, {kTooLarge}.
  [[nodiscard]] Pixels prepare(const ImageView& image, std::string_view name, int width, int height) const;

  [[nodiscard]] const ImageOptions& options() const noexcept { return options_; }

 private:
  [[nodiscard]] image::Image read_one(std::span<const std::byte> encoded, std::string_view name, ModelSize size) const;
  /// Completes the warnings of an image; under ImageOptions::strict they are refused.
  [[nodiscard]] image::Image check(image::Image image, std::string_view name) const;
  [[nodiscard]] Pixels finish(image::Image image, std::string_view name, int width, int height,
                              const image::See& see = {}) const;

  ImageOptions options_;
  image::PreprocessOptions preprocess_;
};

}  // namespace mi2::embedder
