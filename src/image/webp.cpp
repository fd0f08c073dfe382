#include "image/webp.hpp"

#include <memory>

#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"

namespace mi2::image {
namespace {

struct DeleteDecoder {
  void operator()(WebPAnimDecoder* decoder) const noexcept { WebPAnimDecoderDelete(decoder); }
};
struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const noexcept { WebPDemuxDelete(demuxer); }
};

[[noreturn]] void bad(std::string_view name, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", name, what));
}

}  // namespace

/// VP8 takes at least 3.4 bits for 16 x 16 pixels. VP8L has no such bound: one colour takes no bits at all.
void check_packed_size(const WebPDemuxer* demuxer, std::string_view name) {
  constexpr std::uint64_t kPixelsPerByte = 1024;
  WebPIterator frame;
  if (WebPDemuxGetFrame(demuxer, 1, &frame) == 0) bad(name, "corrupt WebP");
  const WebPData part = frame.fragment;
  const std::uint64_t pixels = static_cast<std::uint64_t>(frame.width) * static_cast<std::uint64_t>(frame.height);
  WebPDemuxReleaseIterator(&frame);
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(part.bytes, part.size, &features) != VP8_STATUS_OK) bad(name, "corrupt WebP");
  constexpr int kLossy = 1;
  if (features.format == kLossy) check_plausible(pixels, part.size, kPixelsPerByte, name);
}

Image decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  if (!demuxer) bad(name, "truncated or corrupt WebP");
  const std::uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  check_size(width, height, options, name);
  check_packed_size(demuxer.get(), name);
  // Pillow, too, drops alpha only when the container says that there is none.
  const bool alpha = (WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS) & ALPHA_FLAG) != 0;

  WebPAnimDecoderOptions decoder_options;
  if (WebPAnimDecoderOptionsInit(&decoder_options) == 0) throw Error(Code::kInternal, "libwebpdemux version mismatch");
  decoder_options.color_mode = MODE_RGBA;
  decoder_options.use_threads = 0;
  const std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder(WebPAnimDecoderNew(&data, &decoder_options));
  std::uint8_t* canvas = nullptr;  // RGBA, owned by the decoder
  int timestamp = 0;
  if (!decoder || WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp) == 0) bad(name, "corrupt WebP");

  Image image;
  image.mode = alpha ? Mode::kRgba : Mode::kRgb;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  const std::size_t pixels = std::size_t{width} * height;
  if (alpha) {
    image.samples.assign(canvas, canvas + pixels * 4);
    return image;
  }
  image.samples.resize(pixels * 3);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) image.samples[i * 3 + c] = canvas[i * 4 + c];
  }
  return image;
}

}  // namespace mi2::image
