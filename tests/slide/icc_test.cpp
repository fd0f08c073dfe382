// Colours of a scanner to sRGB.

#include <cmath>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <lcms2.h>

#include "slide/icc.hpp"

namespace mi2::slide {
namespace {

std::vector<std::byte> bytes_of(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  EXPECT_TRUE(cmsSaveProfileToMem(profile, nullptr, &size));
  std::vector<std::byte> bytes(size);
  EXPECT_TRUE(cmsSaveProfileToMem(profile, bytes.data(), &size));
  cmsCloseProfile(profile);
  return bytes;
}

/// sRGB's primaries with a curve of its own.
std::vector<std::byte> profile_of_gamma(double gamma) {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
  cmsToneCurve* const curve = cmsBuildGamma(nullptr, gamma);
  cmsToneCurve* const curves[3] = {curve, curve, curve};
  const cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
  cmsFreeToneCurve(curve);
  return bytes_of(profile);
}

double srgb_of_linear(double x) { return 255 * (1.055 * std::pow(x, 1 / 2.4) - 0.055); }

TEST(IccProfile, LinearSamplesBecomeSrgb) {
  const ToSrgb convert(profile_of_gamma(1));
  EXPECT_EQ(convert.doubt(), "");
  std::vector<std::uint8_t> pixels = {0, 0, 0, 64, 64, 64, 128, 128, 128, 255, 255, 255};
  convert(pixels);
  EXPECT_EQ(pixels[0], 0);
  EXPECT_NEAR(pixels[3], srgb_of_linear(64 / 255.0), 1.5);
  EXPECT_NEAR(pixels[7], srgb_of_linear(128 / 255.0), 1.5);
  EXPECT_EQ(pixels[11], 255);
}

TEST(IccProfile, NoneLeavesSamplesAsTheyAre) {
  const ToSrgb convert(std::span<const std::byte>{});
  std::vector<std::uint8_t> pixels = {1, 2, 3};
  convert(pixels);
  EXPECT_EQ(pixels, (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(convert.doubt(), "");
}

TEST(IccProfile, OneThatCannotBeUsedIsADoubt) {
  const std::vector<std::byte> rubbish(200, std::byte{7});
  EXPECT_NE(ToSrgb(rubbish).doubt(), "");
  EXPECT_NE(ToSrgb(bytes_of(cmsCreateLab4Profile(nullptr))).doubt(), "");
  std::vector<std::byte> cut = profile_of_gamma(1.8);
  cut.resize(cut.size() / 2);
  EXPECT_NE(ToSrgb(cut).doubt(), "");
}

}  // namespace
}  // namespace mi2::slide
