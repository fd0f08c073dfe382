#pragma once
// Images on their way to a model.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/export.h>
#include <mi2/frames.hpp>
#include <mi2/slide.hpp>

namespace mi2 {

/// What is done to an image before the model's own resize.
enum class Profile : std::uint8_t {
  kRaw,      ///< nothing
  kAzure,    ///< resize to a square in the image's own mode, RGB, JPEG and back: what the hosted model does
  kToolkit,  ///< percentiles to 8 bits by truncation, cubic spline to 480 x 480: what the published notebooks send
  kMcp,      ///< percentiles 5 and 95 over all channels, bicubic to 512 x 512, JPEG: what the published MCP tools send
};

/// "raw", "azure", "toolkit" or "mcp".
MI2_EXPORT std::string_view name_of(Profile profile) noexcept;
/// @throws Error{kBadArgument} if `name` is none of them.
MI2_EXPORT Profile parse_profile(std::string_view name);

/// A window of sample values, in the units after the modality LUT (Hounsfield for CT). DICOM PS3.3 C.11.2.1.2, LINEAR.
struct Window {
  double center = 0;
  double width = 1;         ///< at least 1
  bool hounsfield = false;  ///< of a name, which means nothing but CT: other DICOM objects are shown without it

  friend bool operator==(const Window&, const Window&) = default;
};

/// "CENTER,WIDTH", as in "40,400"; "lung", "soft", "bone" or "brain" if parse_window() was given that.
MI2_EXPORT std::string to_string(const Window& window);
/// Either of these. @throws Error{kBadArgument} unless both are finite and the width is at least 1.
MI2_EXPORT Window parse_window(std::string_view text);

/// How grey of more than 8 bits (16-bit, 32-bit, float; DICOM without a window) becomes 8 bits.
struct Intensity {
  enum class Kind : std::uint8_t {
    kAuto,        ///< percentiles 1 to 99; what DICOM stores in 8 bits as it is, as a PNG of the same bytes
    kPercentile,  ///< from one percentile of the image's samples to another
    kMinMax,      ///< from the least sample to the greatest
    kWindow,
  };
  /// What the rule is about: the samples of one image, or of all images of its series.
  enum class Scope : std::uint8_t {
    kUsual,  ///< of a slice of a volume its volume, of everything else the image
    kImage,
    kSeries,  ///< of a slice its volume, of a DICOM frame all frames of its series that are read together
  };
  Kind kind = Kind::kAuto;
  double low = 1;    ///< for kPercentile: 0 <= low < high <= 100
  double high = 99;  ///< for kPercentile
  Window window{};   ///< for kWindow; any width above 0
  Scope scope = Scope::kUsual;

  friend bool operator==(const Intensity&, const Intensity&) = default;
};

/// "auto", "percentile:LOW,HIGH", "minmax" or "window:CENTER,WIDTH", after "series:" or "image:" if that is chosen;
/// "series" and "image" alone are auto.
MI2_EXPORT std::string to_string(const Intensity& intensity);
/// @throws Error{kBadArgument} naming what was found and what is allowed.
MI2_EXPORT Intensity parse_intensity(std::string_view text);

/// The plane in which a volume is cut into slices.
enum class Plane : std::uint8_t { kAxial, kCoronal, kSagittal };

/// "axial", "coronal" or "sagittal".
MI2_EXPORT std::string_view name_of(Plane plane) noexcept;
/// @throws Error{kBadArgument} if `name` is none of these.
MI2_EXPORT Plane parse_plane(std::string_view name);

/// How an encoded image becomes the model's pixels.
struct ImageOptions {
  Profile profile = Profile::kRaw;
  int azure_size = 512;                       ///< 1 to 4096 pixels, for kAzure
  int azure_quality = 75;                     ///< JPEG quality 1 to 100, for kAzure
  Intensity intensity{};                      ///< for grey of more than 8 bits
  std::optional<Window> window{};             ///< for DICOM, over the file's own VOI, and for volumes
  std::optional<Plane> plane{};               ///< of volumes; none: axial, or the plane of the only slice
  FrameSelection frames{};                    ///< of an image with several
  std::optional<SlideOptions> slide{};        ///< if set, images are whole slides, and their frames tiles
  bool strict = false;                        ///< whether what would be a warning is refused
  bool fingerprint = false;                   ///< whether Pixels::fingerprint is made
  std::uint64_t max_pixels = 200'000'000;     ///< of one image, checked before decoding
  std::uint64_t max_file_bytes = 1ULL << 30;  ///< of one input file
  /// Called with an encoded image's pixels before memory is taken for them; what it throws ends the decoding.
  std::function<void(std::uint64_t pixels)> claim{};
};

/// By what copies of an image are found, however they are encoded.
struct Fingerprint {
  /// SHA-256, in hexadecimal digits, of the decoded samples before any window or resize: grey as it is stored, colour
  /// as 8-bit RGB, with what they are (bits, sign, photometric interpretation) and the sides. Of a slice of a volume,
  /// its values.
  std::string pixels_sha256;
  bool blank = false;  ///< all samples are equal
  /// Of the grey picture as it is shown, in 8 rows of 9 cells: a bit for each cell whose right neighbour is brighter by
  /// more than a shade. Nothing if all cells are of one shade.
  std::optional<std::uint64_t> dhash;
};

/// An image ready for the model: resized 8-bit RGB, [height, width, 3].
struct Pixels {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
  /// Doubts about the image: "name: what was found", ASCII. docs/warnings.md lists them.
  std::vector<std::string> warnings{};
  std::optional<Fingerprint> fingerprint{};  ///< if ImageOptions::fingerprint asks for it
  int source_width = 0;                      ///< of the image before the resize, in its own pixels; 0: not known
  int source_height = 0;
};

/// Where the time of a prepare() went, in seconds.
struct PrepareTimes {
  double decode = 0;      ///< from encoded bytes to an image
  double preprocess = 0;  ///< from the image to the model's pixels
};

struct TimedPixels {
  Pixels pixels;
  PrepareTimes times;
};

/// An image that is decoded already, as another library holds it. Not owned: valid for the call.
struct ImageView {
  /// Pillow's name of what the samples are, all in the machine's byte order:
  /// "1": one byte per pixel, 0 or not; "L", "LA", "P" (indices into `palette`), "RGB", "RGBA", "CMYK": bytes;
  /// grey that ImageOptions::intensity brings to 8 bits: "I;16": uint16, "I": int32, "F": float.
  std::string_view mode;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::span<const std::byte> samples;       ///< [height, width, channels], row by row, no padding
  std::span<const std::uint8_t> palette{};  ///< RGB triples, for "P": at most 256; indices past its end are black
};

}  // namespace mi2
