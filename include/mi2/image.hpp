#pragma once
// Images on their way to a model.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2 {

/// How an encoded picture becomes the model's pixels.
struct ImageOptions {
  std::string profile = "raw";                ///< "raw" or "azure": what is done before the model's own resize
  int azure_size = 512;                       ///< pixels, for "azure"
  int azure_quality = 75;                     ///< JPEG quality 1..100, for "azure"
  std::string intensity = "percentile:1,99";  ///< 16-bit and float grey to 8 bits; also "minmax", "window:C,W"
  std::optional<std::string> window;          ///< "CENTER,WIDTH" for DICOM, over the file's own VOI
  std::uint64_t max_pixels = 200'000'000;     ///< of one picture, checked before decoding
  std::uint64_t max_file_bytes = 1ULL << 30;  ///< of one input file
};

/// A picture ready for the model: resized 8-bit RGB, [height, width, 3].
struct Pixels {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
};

/// Where the time of a prepare() went, in seconds.
struct PrepareTimes {
  double decode = 0;      ///< from encoded bytes to a picture
  double preprocess = 0;  ///< from the picture to the model's pixels
};

struct TimedPixels {
  Pixels pixels;
  PrepareTimes times;
};

/// A picture that is decoded already, as another library holds it. Not owned: valid for the call.
struct PictureView {
  /// Pillow's name of what the samples are, all in the machine's byte order:
  /// "1": a byte a pixel, 0 or not; "L", "LA", "P" (indices into `palette`), "RGB", "RGBA", "CMYK": bytes;
  /// grey that ImageOptions::intensity brings to 8 bits: "I;16": uint16, "I": int32, "F": float.
  std::string_view mode;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::span<const std::byte> samples;       ///< [height, width, channels], row by row, no padding
  std::span<const std::uint8_t> palette{};  ///< RGB triples, for "P": at most 256; indices past its end are black
};

}  // namespace mi2
