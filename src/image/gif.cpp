#include "image/gif.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <gif_lib.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"

namespace mi2::image {
namespace {

/// A code of 12 bits stands for 4,096 pixels at most, and shorter ones for fewer.
constexpr std::uint64_t kPixelsAByte = 4096;

struct Memory {
  std::span<const std::byte> bytes;
  std::size_t at = 0;
};

int read_memory(GifFileType* gif, GifByteType* to, int size) {
  auto& from = *static_cast<Memory*>(gif->UserData);
  const std::size_t step = std::min(static_cast<std::size_t>(std::max(size, 0)), from.bytes.size() - from.at);
  std::memcpy(to, from.bytes.data() + from.at, step);
  from.at += step;
  return static_cast<int>(step);
}

struct CloseGif {
  void operator()(GifFileType* gif) const noexcept { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

[[noreturn]] void bad(std::string_view name, int error) {
  const char* why = GifErrorString(error);
  throw Error(Code::kBadFile, fmt::format("{}: truncated or corrupt GIF: {}", name,
                                          why == nullptr ? "no image in it" : library_text(why)));
}

/// Reads an extension to its end. @returns the index of a transparent colour, if it names one.
std::optional<std::uint8_t> read_extension(GifFileType* gif, std::string_view name) {
  int code = 0;
  GifByteType* block = nullptr;
  if (DGifGetExtension(gif, &code, &block) != GIF_OK) bad(name, gif->Error);
  std::optional<std::uint8_t> transparent;
  while (block != nullptr) {
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK &&
        control.TransparentColor != NO_TRANSPARENT_COLOR) {
      transparent = static_cast<std::uint8_t>(control.TransparentColor);
    }
    if (DGifGetExtensionNext(gif, &block) != GIF_OK) bad(name, gif->Error);
  }
  return transparent;
}

/// Goes to the first image. @returns its transparent colour, if it has one.
std::optional<std::uint8_t> find_image(GifFileType* gif, std::string_view name) {
  std::optional<std::uint8_t> transparent;
  for (;;) {
    GifRecordType kind = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &kind) != GIF_OK) bad(name, gif->Error);
    if (kind == IMAGE_DESC_RECORD_TYPE) break;
    if (kind != EXTENSION_RECORD_TYPE) bad(name, 0);
    if (const auto found = read_extension(gif, name)) transparent = found;
  }
  if (DGifGetImageDesc(gif) != GIF_OK) bad(name, gif->Error);
  return transparent;
}

void read_rows(GifFileType* gif, Image& image, std::string_view name) {
  const GifImageDesc& frame = gif->Image;
  const auto read_row = [&](int y) {
    const std::size_t start = static_cast<std::size_t>(frame.Top + y) * static_cast<std::size_t>(image.width) +
                              static_cast<std::size_t>(frame.Left);
    if (DGifGetLine(gif, image.samples.data() + start, frame.Width) != GIF_OK) bad(name, gif->Error);
  };
  struct Pass {
    int first;
    int step;
  };
  constexpr std::array kInterlaced = {Pass{0, 8}, Pass{4, 8}, Pass{2, 4}, Pass{1, 2}};
  constexpr std::array kPlain = {Pass{0, 1}};
  const std::span<const Pass> passes =
      frame.Interlace ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kPlain);
  for (const Pass& pass : passes) {
    for (int y = pass.first; y < frame.Height; y += pass.step) read_row(y);
  }
}

/// As Pillow, which takes a palette that is a ramp of grey, or is missing, for grey.
void take_palette(const ColorMapObject* map, Image& image) {
  bool ramp = true;
  for (int i = 0; map != nullptr && i < map->ColorCount; ++i) {
    const GifColorType& colour = map->Colors[i];
    image.palette.insert(image.palette.end(), {colour.Red, colour.Green, colour.Blue});
    ramp = ramp && colour.Red == i && colour.Green == i && colour.Blue == i;
  }
  image.mode = ramp ? Mode::kGrey : Mode::kPalette;
  if (ramp) image.palette.clear();
}

}  // namespace

Image decode_gif(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  Memory memory{bytes};
  int error = 0;
  const Gif gif(DGifOpen(&memory, read_memory, &error));
  if (!gif) bad(name, error);
  const std::optional<std::uint8_t> transparent = find_image(gif.get(), name);
  const GifImageDesc& frame = gif->Image;
  if (frame.Left < 0 || frame.Top < 0 || frame.Width <= 0 || frame.Height <= 0) bad(name, 0);
  // The canvas grows to what its first frame needs.
  const int width = std::max(gif->SWidth, frame.Left + frame.Width);
  const int height = std::max(gif->SHeight, frame.Top + frame.Height);
  check_size(static_cast<std::uint64_t>(std::max(width, 0)), static_cast<std::uint64_t>(std::max(height, 0)), options,
             name);
  check_plausible(static_cast<std::uint64_t>(frame.Width) * static_cast<std::uint64_t>(frame.Height), bytes.size(),
                  kPixelsAByte, name);
  Image image;
  take_palette(frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap, image);
  image.width = width;
  image.height = height;
  image.samples.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), transparent.value_or(0));
  read_rows(gif.get(), image, name);
  return image;
}

}  // namespace mi2::image
