#include "dataset/sheet.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "dataset/letters.hpp"
#include "image/png.hpp"

namespace mi2::dataset {
namespace {

constexpr int kMargin = 6;
constexpr int kTextLines = 4;
constexpr int kSheetWidth = 1600;
constexpr int kSmallImage = 256;  ///< from here on letters are twice as large

/// Where things are on a sheet.
struct Layout {
  Layout(const InputFormat& format, int images)
      : scale(format.width < kSmallImage ? 1 : 2),
        tile_width(std::max(format.width, 128)),
        tile_height(format.height + kTextLines * kLineHeight * scale),
        columns(std::clamp(kSheetWidth / (tile_width + kMargin), 1, std::max(images, 1))),
        rows((images + columns - 1) / columns) {}

  int scale;
  int tile_width;
  int tile_height;
  int columns;
  int rows;
  [[nodiscard]] int width() const { return columns * (tile_width + kMargin) + kMargin; }
  [[nodiscard]] int height() const { return rows * (tile_height + kMargin) + kMargin; }
  [[nodiscard]] int left(int image) const { return kMargin + image % columns * (tile_width + kMargin); }
  [[nodiscard]] int top(int image) const { return kMargin + image / columns * (tile_height + kMargin); }
};

std::uint8_t sample_of(float normalised, float mean, float std) {
  const float value = (normalised * std + mean) * 255.0F;
  return static_cast<std::uint8_t>(std::lround(std::clamp(std::isfinite(value) ? value : 0.0F, 0.0F, 255.0F)));
}

void draw_image(image::Raster& sheet, const float* pixels, const InputFormat& format, int left, int top) {
  for (int y = 0; y < format.height; ++y) {
    std::uint8_t* to =
        sheet.samples.data() +
        (static_cast<std::size_t>(top + y) * static_cast<std::size_t>(sheet.width) + static_cast<std::size_t>(left)) *
            3;
    for (int x = 0; x < format.width; ++x) {
      for (std::size_t channel = 0; channel < 3; ++channel) {
        *to++ = sample_of(*pixels++, format.mean[channel], format.std[channel]);
      }
    }
  }
}

/// One character per code point: ASCII as it is, others as a mark that has no letter.
std::string shown(std::string_view text) {
  std::string characters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      characters += c;
    } else if (byte >= 0xC0) {
      characters += kNoLetter;
    }
  }
  return characters;
}

void draw_text(image::Raster& sheet, std::string_view text, const Layout& layout, int left, int top) {
  const std::string characters = shown(text);
  const auto a_line = static_cast<std::size_t>(layout.tile_width / (kLetterWidth * layout.scale));
  for (std::size_t i = 0; i < std::min(characters.size(), a_line * kTextLines); ++i) {
    const int column = static_cast<int>(i % a_line);
    const int line = static_cast<int>(i / a_line);
    draw_letter(sheet, characters[i], layout.scale, left + column * kLetterWidth * layout.scale,
                top + line * kLineHeight * layout.scale);
  }
}

}  // namespace

image::Raster draw_sheet(const Batch& batch, const InputFormat& format) {
  const int images = static_cast<int>(std::min(batch.texts.size(), kSheetImages));
  const Layout layout(format, images);
  image::Raster sheet{layout.width(), layout.height(), 3, {}};
  constexpr std::uint8_t kPaper = 255;
  sheet.samples.assign(static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) * 3, kPaper);
  const std::size_t size = static_cast<std::size_t>(format.width) * static_cast<std::size_t>(format.height) * 3;
  for (int i = 0; i < images; ++i) {
    const auto item = static_cast<std::size_t>(i);
    draw_image(sheet, batch.pixels.data<float>() + item * size, format, layout.left(i), layout.top(i));
    draw_text(sheet, batch.texts[item], layout, layout.left(i), layout.top(i) + format.height + 2);
  }
  return sheet;
}

void write_sheet(const std::filesystem::path& png, const Batch& batch, const Dataset& dataset,
                 const InputFormat& format) {
  std::string table = "place,file,label,text\n";
  for (std::size_t i = 0; i < batch.texts.size(); ++i) {
    table += fmt::format("{},{},{},{}\n", i + 1, base::csv_field(dataset.name(batch.records[i])),
                         base::csv_field(dataset.classes().name(batch.classes[i])), base::csv_field(batch.texts[i]));
  }
  base::AtomicFile sheet(png);
  sheet.write(image::encode_png(draw_sheet(batch, format)));
  std::filesystem::path csv = png;
  base::AtomicFile rows(csv.replace_extension(".csv"));
  rows.write(table);
  rows.commit();
  sheet.commit();
}

}  // namespace mi2::dataset
