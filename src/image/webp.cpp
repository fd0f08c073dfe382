#include "image/webp.hpp"

#include <memory>

#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"

namespace mi2::image {
namespace {

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const noexcept { WebPDemuxDelete(demuxer); }
};

/// The first frame of a file: the only one, if it is no animation.
struct Frame {
  WebPIterator at{};
  Frame() = default;
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { WebPDemuxReleaseIterator(&at); }
};

[[noreturn]] void bad(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", name, what));
}

/// VP8 takes at least 3.4 bits for 16 x 16 pixels. VP8L has no such bound: one colour takes no bits at all.
void check_packed_size(const WebPIterator& frame, const WebPBitstreamFeatures& features, std::string_view name) {
  constexpr std::uint64_t kPixelsPerByte = 1024;
  constexpr int kLossy = 1;
  const std::uint64_t pixels = static_cast<std::uint64_t>(frame.width) * static_cast<std::uint64_t>(frame.height);
  if (features.format == kLossy) check_plausible(pixels, frame.fragment.size, kPixelsPerByte, name);
}

/// Decodes to where the frame lies on the canvas, with no buffer in between.
void decode_frame(const WebPIterator& frame, Image& image, std::string_view name) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw Error(Code::kInternal, "libwebp version mismatch");
  if (WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &config.input) != VP8_STATUS_OK) {
    bad(name, "corrupt WebP");
  }
  const auto inside = [](int offset, int size, int of) { return offset >= 0 && size > 0 && size <= of - offset; };
  if (config.input.width != frame.width || config.input.height != frame.height ||
      !inside(frame.x_offset, frame.width, image.width) || !inside(frame.y_offset, frame.height, image.height)) {
    bad(name, "corrupt WebP: a frame outside of its canvas");
  }
  check_packed_size(frame, config.input, name);
  const int step = channels(image.mode);
  image.samples.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                       static_cast<std::size_t>(step));
  const std::size_t stride = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(step);
  const std::size_t start = static_cast<std::size_t>(frame.y_offset) * stride +
                            static_cast<std::size_t>(frame.x_offset) * static_cast<std::size_t>(step);
  config.output.colorspace = image.mode == Mode::kRgba ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.samples.data() + start, static_cast<int>(stride), image.samples.size() - start};
  const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) bad(name, "truncated or corrupt WebP");
}

}  // namespace

Image decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  if (!demuxer) bad(name, "truncated or corrupt WebP");
  const std::uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  check_size(width, height, options, name);
  Frame frame;
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame.at) == 0) bad(name, "corrupt WebP");
  Image image;
  // Pillow, too, drops alpha only when the container says that there is none.
  const bool alpha = (WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG) != 0;
  image.mode = alpha ? Mode::kRgba : Mode::kRgb;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  decode_frame(frame.at, image, name);
  return image;
}

}  // namespace mi2::image
