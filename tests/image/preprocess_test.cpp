// Short cuts of the preparation against the long way.

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "image/convert.hpp"
#include "image/image.hpp"
#include "image/jpeg.hpp"
#include "image/jpeg_round_trip.hpp"

namespace mi2::image {
namespace {

/// Waves with noise of `noise` grey levels: smooth as images are, or as rough as they can be.
Raster picture(int width, int height, int channels, unsigned noise, unsigned seed) {
  std::mt19937 random(seed);
  Raster raster{width, height, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const unsigned wave = static_cast<unsigned>(x * (c + 2) + y * 3) % 256;
        raster.samples.push_back(static_cast<std::uint8_t>(noise == 256 ? random() : wave / 2 + random() % noise));
      }
    }
  }
  return raster;
}

Raster the_long_way(const Raster& raster, int quality) {
  Raster rgb = to_three_channels(raster);
  const auto encoded = encode_jpeg({rgb.width, rgb.height, rgb.samples}, quality);
  Image decoded = decode_jpeg(encoded, {}, "round trip");
  return {decoded.width, decoded.height, 3, std::move(decoded.samples)};
}

TEST(JpegRoundTrip, GivesTheSamplesOfEncodingAndDecoding) {
  struct Size {
    int width;
    int height;
  };
  const Size sizes[] = {{1, 1}, {1, 40}, {17, 1}, {8, 8}, {16, 16}, {15, 33}, {31, 16}, {129, 65}, {512, 512}};
  unsigned seed = 0;
  for (const Size& size : sizes) {
    for (const int channels : {1, 3}) {
      for (const int quality : {1, 25, 75, 96, 100}) {
        for (const unsigned noise : {1U, 40U, 256U}) {
          const Raster raster = picture(size.width, size.height, channels, noise, ++seed);
          Raster found = raster;
          jpeg_round_trip(found, quality);
          ASSERT_EQ(found.channels, channels);
          ASSERT_EQ(to_three_channels(found).samples, the_long_way(raster, quality).samples)
              << size.width << " x " << size.height << ", " << channels << " channels, quality " << quality
              << ", noise " << noise;
        }
      }
    }
  }
}

TEST(JpegRoundTrip, OfTheSharpestEdgesGivesTheSamplesOfEncodingAndDecoding) {
  for (const int channels : {1, 3}) {
    Raster raster{64, 64, channels, {}};
    for (int i = 0; i < 64 * 64 * channels; ++i) {
      const int x = i / channels % 64;
      const int y = i / channels / 64;
      raster.samples.push_back(((x >> (y / 16)) + (y >> (x / 16))) % 2 == 0 ? 0 : 255);
    }
    const Raster expected = the_long_way(raster, 100);
    jpeg_round_trip(raster, 100);
    EXPECT_EQ(to_three_channels(raster).samples, expected.samples);
  }
}

Image image_of(const Raster& raster) {
  return {raster.channels == 1 ? Mode::kGrey : Mode::kRgb, raster.width, raster.height, raster.samples, {}};
}

PreprocessOptions options_of(Profile profile) {
  PreprocessOptions options;
  options.profile = profile;
  return options;
}

TEST(Preprocess, OfGreyIsWhatItIsOfTheSameInColour) {
  for (const Profile profile : {Profile::kRaw, Profile::kAzure}) {
    const Raster grey = picture(90, 61, 1, 30, 5);
    const Pixels one = preprocess(image_of(grey), options_of(profile), 40, 50);
    const Pixels three = preprocess(image_of(to_three_channels(grey)), options_of(profile), 40, 50);
    EXPECT_EQ(one.samples, three.samples);
  }
}

TEST(WithoutColour, KeepsASinglePixelOfColourWhereverItIs) {
  const Raster grey = to_three_channels(picture(9, 7, 1, 30, 8));
  EXPECT_EQ(without_colour(grey).channels, 1);
  for (std::size_t at = 0; at < grey.samples.size(); ++at) {
    Raster coloured = grey;
    coloured.samples[at] ^= 1U;
    ASSERT_EQ(without_colour(coloured).samples, coloured.samples) << at;
  }
}

}  // namespace
}  // namespace mi2::image
