// Shades by arithmetic, as windows of large images have them, against the shade of each stored value alone.

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "builder.hpp"
#include "dicom/levels.hpp"
#include "dicom/ramp.hpp"
#include "dicom/window.hpp"
#include "image/window.hpp"

namespace mi2::dicom {
namespace {

using testing::kPixels;
using testing::picture;
using testing::pixels;

struct Stored {
  std::uint16_t allocated;
  std::uint16_t stored;
  std::uint16_t high_bit;
  bool is_signed;
};

struct Shown {
  double slope;
  double intercept;
  AppliedWindow window;
};

double value_of(const Stored& depth, std::uint32_t word) {
  const std::uint32_t raw = word >> (depth.high_bit + 1U - depth.stored) & ((1U << depth.stored) - 1);
  const bool negative = depth.is_signed && raw >> (depth.stored - 1U) != 0;
  return static_cast<double>(raw) - (negative ? static_cast<double>(1U << depth.stored) : 0);
}

/// An object with every word there is, and some more, so that the last few are no full vector.
std::vector<std::uint8_t> shades_of_all_words(const Stored& depth, const Shown& shown, std::string_view photometric) {
  constexpr std::uint16_t kSide = 257;
  testing::Dataset object = picture(photometric, kSide, kSide, depth.allocated);
  object.us(0x00280101, {depth.stored})
      .us(0x00280102, {depth.high_bit})
      .us(0x00280103, {static_cast<std::uint16_t>(depth.is_signed ? 1 : 0)})
      .us(0x60000102, {1})  // what is not stored is an overlay
      .text(0x00281050, "DS", fmt::format("{}", shown.window.window.center))
      .text(0x00281051, "DS", fmt::format("{}", shown.window.window.width))
      .text(0x00281052, "DS", fmt::format("{}", shown.intercept))
      .text(0x00281053, "DS", fmt::format("{}", shown.slope))
      .text(0x00281056, "CS", shown.window.function == WindowFunction::kLinearExact ? "LINEAR_EXACT" : "LINEAR");
  std::vector<std::uint16_t> words;
  std::string bytes;
  for (std::uint32_t i = 0; i < kSide * kSide; ++i) {
    words.push_back(static_cast<std::uint16_t>(i));
    bytes += static_cast<char>(static_cast<std::uint8_t>(i));
  }
  if (depth.allocated == 8) return pixels(object.put(kPixels, "OB", bytes + '\0'));
  return pixels(object.words(kPixels, words));
}

std::uint8_t shade_alone(const Stored& depth, const Shown& shown, std::uint32_t word) {
  const std::uint32_t held = depth.allocated == 8 ? word & 0xFFU : word & 0xFFFFU;
  return image::shade(shown.window(value_of(depth, held) * shown.slope + shown.intercept));
}

constexpr std::array kDepths = {Stored{16, 16, 15, false}, Stored{16, 16, 15, true}, Stored{16, 12, 11, false},
                                Stored{16, 12, 11, true},  Stored{16, 12, 14, true}, Stored{16, 10, 15, false},
                                Stored{8, 8, 7, false},    Stored{8, 8, 7, true},    Stored{8, 6, 7, false}};

class ShadingByRamp : public ::testing::TestWithParam<Stored> {};

TEST_P(ShadingByRamp, GivesEveryWordTheShadeOfItsValue) {
  std::mt19937 random(GetParam().stored);
  const auto up_to = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  for (int round = 0; round < 12; ++round) {
    // Halves, whose shades lie between two, are among them.
    Shown shown{up_to(2) == 0 ? 1.0 : (up_to(800) - 400.5) / 128, up_to(4096) - 2048.0, {}};
    shown.window.window = {up_to(8192) / 2.0 - 2048, std::array{1.5, 2.0, 401.0, 400.0, 1500.0, 4096.0,
                                                                70000.0}[static_cast<std::size_t>(up_to(7))]};
    if (up_to(3) == 0) shown.window.function = WindowFunction::kLinearExact;
    const bool inverted = up_to(4) == 0;
    const auto found = shades_of_all_words(GetParam(), shown, inverted ? "MONOCHROME1" : "MONOCHROME2");
    for (std::uint32_t i = 0; i < found.size(); ++i) {
      const std::uint8_t shade = shade_alone(GetParam(), shown, i);
      ASSERT_EQ(found[i], inverted ? 255 - shade : shade)
          << "word " << i << " slope " << shown.slope << " intercept " << shown.intercept << " centre "
          << shown.window.window.center << " width " << shown.window.window.width;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, ShadingByRamp, ::testing::ValuesIn(kDepths));

Layout layout_of(const Stored& depth) {
  Layout layout;
  layout.allocated = depth.allocated;
  layout.stored = depth.stored;
  layout.high_bit = depth.high_bit;
  layout.is_signed = depth.is_signed;
  return layout;
}

Ramp::Line line_of(const Shown& shown) {
  const Window& window = shown.window.window;
  return {255 * shown.slope / (window.width - 1), (window.center - 0.5 - shown.intercept) / shown.slope, 128};
}

TEST(Ramp, IsFoundForTheWindowsOfCt) {
  for (const Stored& depth : {kDepths[1], kDepths[2]}) {
    for (const Window& window : {Window{40, 400}, Window{-600, 1500}, Window{500, 2000}, Window{35, 80},
                                 Window{1024, 4096}, Window{50, 351}}) {
      const Shown shown{1, -1024, {window}};
      const auto ramp = Ramp::of(layout_of(depth), line_of(shown), [&](double stored) {
        return image::shade(shown.window(stored * shown.slope + shown.intercept));
      });
      EXPECT_TRUE(ramp.has_value()) << window.center << ' ' << window.width;
    }
  }
}

TEST(Ramp, IsRefusedIfOneValueHasAnotherShade) {
  const Shown shown{1, -1024, {Window{40, 400}}};
  const auto exact = [&](double stored) { return image::shade(shown.window(stored + shown.intercept)); };
  for (int other = 870; other < 1260; other += 13) {
    // Still one that only rises: a value has the shade of the one before or after it.
    const double of = exact(other) == exact(other - 1) ? other + 1 : other - 1;
    if (exact(of) == exact(other)) continue;
    const auto differs = [&](double stored) { return exact(stored == other ? of : stored); };
    EXPECT_FALSE(Ramp::of(layout_of(kDepths[2]), line_of(shown), differs).has_value()) << other;
  }
}

TEST(Ramp, IsRefusedForNumbersThatFloatsDoNotHold) {
  const auto black = [](double) { return std::uint8_t{0}; };
  const double endless = std::numeric_limits<double>::infinity();
  const double none = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {endless, -endless, none, 1e300, -1e300}) {
    EXPECT_FALSE(Ramp::of(layout_of(kDepths[0]), {bad, 0, 0}, black).has_value());
    EXPECT_FALSE(Ramp::of(layout_of(kDepths[0]), {1, bad, 0}, black).has_value());
    EXPECT_FALSE(Ramp::of(layout_of(kDepths[0]), {1, 0, bad}, black).has_value());
  }
}

TEST(Levels, AreNotLeftByBytesThatChangeMeanwhile) {
  std::vector<std::uint8_t> bytes(200, 3);
  bytes[7] = 5;
  Frame frame;
  frame.layout = layout_of(kDepths[6]);
  frame.layout.rows = 10;
  frame.layout.columns = 20;
  frame.bytes.view(bytes);
  const std::optional<Levels> levels = Levels::of(frame);
  ASSERT_TRUE(levels.has_value());
  bytes[9] = 255;
  bytes[11] = 0;
  EXPECT_EQ(levels->occurrences().size(), 3U);
  const std::vector<std::uint8_t> shades = levels->shaded(std::vector<std::uint8_t>{10, 20, 30});
  EXPECT_EQ(shades[9], 30);
  EXPECT_EQ(shades[11], 30);
}

}  // namespace
}  // namespace mi2::dicom
