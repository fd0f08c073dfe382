#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "support/expect_error.hpp"

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "bytes.hpp"
#include "image/intensity.hpp"

namespace mi2::image::testing {
namespace {

std::span<const std::byte> bytes_of(const auto& values) { return std::as_bytes(std::span(values)); }

TEST(FromView, KeepsSamplesOfByteModes) {
  const std::array<std::uint8_t, 24> samples{1, 2, 3, 4, 5, 6, 7, 8, 9, 250};
  for (const auto& [name, mode, channels] :
       {std::tuple("L", Mode::kGrey, 1U), std::tuple("LA", Mode::kGreyAlpha, 2U), std::tuple("RGB", Mode::kRgb, 3U),
        std::tuple("RGBA", Mode::kRgba, 4U), std::tuple("CMYK", Mode::kCmyk, 4U)}) {
    const auto part = bytes_of(samples).first(6 * channels);
    const Image picture = from_view({name, 3, 2, part}, {}, "it");
    EXPECT_EQ(picture.mode, mode);
    EXPECT_EQ(picture.width, 3);
    EXPECT_EQ(picture.height, 2);
    ASSERT_EQ(picture.samples.size(), part.size());
    EXPECT_EQ(std::memcmp(picture.samples.data(), part.data(), part.size()), 0);
  }
}

TEST(FromView, ReadsAnyBitThatIsSetAsWhite) {
  const std::array<std::uint8_t, 4> samples{0, 1, 255, 7};
  const Image picture = from_view({"1", 4, 1, bytes_of(samples)}, {}, "it");
  EXPECT_EQ(picture.mode, Mode::kBilevel);
  EXPECT_EQ(picture.samples, (std::vector<std::uint8_t>{0, 255, 255, 255}));
}

TEST(FromView, CopiesThePalette) {
  const std::array<std::uint8_t, 2> samples{1, 0};
  const std::array<std::uint8_t, 6> palette{10, 20, 30, 40, 50, 60};
  const Image picture = from_view({"P", 2, 1, bytes_of(samples), palette}, {}, "it");
  EXPECT_EQ(picture.mode, Mode::kPalette);
  EXPECT_EQ(picture.palette, std::vector<std::uint8_t>(palette.begin(), palette.end()));
}

TEST(FromView, ScalesDeepGreyByTheIntensityWhereverItLies) {
  const Intensity minmax = parse_intensity("minmax");
  const std::array<float, 3> floats{-1.5F, 0, 4};
  const std::array<std::int32_t, 3> ints{-70000, 0, 70000};
  const std::array<std::uint16_t, 3> words{0, 30000, 60000};
  EXPECT_EQ(from_view({"F", 3, 1, bytes_of(floats)}, {1000, minmax}, "it").samples, to_8bit(floats, minmax));
  EXPECT_EQ(from_view({"I", 1, 3, bytes_of(ints)}, {1000, minmax}, "it").samples, to_8bit(ints, minmax));
  std::array<std::byte, 7> shifted{};
  std::memcpy(shifted.data() + 1, words.data(), 6);
  EXPECT_EQ(from_view({"I;16", 3, 1, std::span(shifted).subspan(1)}, {1000, minmax}, "it").samples,
            to_8bit(words, minmax));
}

TEST(FromView, RefusesWhatDoesNotFitTogether) {
  const std::array<std::uint8_t, 12> samples{};
  const std::array<std::uint8_t, 771> palette{};
  const auto bytes = bytes_of(samples);
  const auto refused = [](const ImageView& view, Code code) {
    test::expect_error(code, {"it"}, [&] { static_cast<void>(from_view(view, {100, {}}, "it")); });
  };
  refused({"RGB", 2, 3, bytes}, Code::kBadArgument);
  refused({"I;16", 2, 3, bytes.first(11)}, Code::kBadArgument);
  refused({"L", 0, 3, {}}, Code::kBadFile);
  refused({"L", 11, 10, bytes}, Code::kTooLarge);
  refused({"L", std::uint64_t{1} << 32U, std::uint64_t{1} << 32U, {}}, Code::kTooLarge);
  refused({"P", 4, 3, bytes}, Code::kBadArgument);
  refused({"P", 4, 3, bytes, std::span(palette)}, Code::kBadArgument);
  refused({"P", 4, 3, bytes, std::span(palette).first(4)}, Code::kBadArgument);
  refused({"L", 4, 3, bytes, std::span(palette).first(3)}, Code::kBadArgument);
  refused({"HSV", 2, 2, bytes}, Code::kUnsupported);
  refused({"", 2, 2, bytes}, Code::kUnsupported);
}

}  // namespace
}  // namespace mi2::image::testing
