// Profiles of the published clients, held to the libraries that those call: data/profiles.json, by make_profiles.py.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "bytes.hpp"
#include "image/intensity.hpp"
#include "image/spline_resize.hpp"
#include "support/expect_error.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {
namespace {

using Json = nlohmann::json;

const Json& rows() {
  static const Json rows = Json::parse(std::ifstream(test::data_of("image") / "profiles.json")).at("rows");
  return rows;
}

/// picture() of make_profiles.py.
Image picture_of(const Json& row) {
  const bool plain = row.at("plain").get<bool>();
  Image image;
  image.width = row.at("width").get<int>();
  image.height = row.at("height").get<int>();
  const int count = row.at("channels").get<int>();
  image.mode = count == 1 ? Mode::kGrey : Mode::kRgb;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < count; ++c) {
        const int square = (x / 9 + y / 7) % 2 == 0 ? 255 : 40 + 60 * c;
        image.samples.push_back(
            static_cast<std::uint8_t>(plain ? square : (x * 7 + y * 13 + c * 29 + x * y % 17) % 256));
      }
    }
  }
  return image;
}

std::vector<std::uint8_t> bytes_of(const Json& row, const char* key) {
  const std::string text = base::base64_decode(row.at(key).get<std::string>(), key);
  return {text.begin(), text.end()};
}

/// A sample may lie so near a whole number that the last bit of an exponential decides: one in a thousand, by one.
void expect_equal(const std::vector<std::uint8_t>& got, const std::vector<std::uint8_t>& bytes) {
  ASSERT_EQ(got.size(), bytes.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const int apart = std::abs(int{got[i]} - int{bytes[i]});
    ASSERT_LE(apart, 1) << "sample " << i;
    different += apart == 0 ? 0 : 1;
  }
  EXPECT_LE(different, got.size() / 1000);
}

std::vector<std::uint8_t> prepared(const Json& row, Profile profile) {
  PreprocessOptions options;
  options.profile = profile;
  return preprocess(picture_of(row), options, row.at("to_width").get<int>(), row.at("to_height").get<int>()).samples;
}

TEST(SplineResize, GivesTheSamplesOfScikitImage) {
  for (const Json& row : rows()) {
    SCOPED_TRACE(row.at("width").dump() + " " + row.at("channels").dump() + " " + row.at("plain").dump());
    const Image image = picture_of(row);
    const RasterView view(image.width, image.height, channels(image.mode), image.samples);
    expect_equal(resize_spline(view, row.at("to_width").get<int>(), row.at("to_height").get<int>()).samples,
                 bytes_of(row, "spline"));
  }
}

TEST(Profiles, ToolkitRefusesSidesThatItWouldBlurWithoutEnd) {
  constexpr int kSide = 65536;
  Image strip;
  strip.mode = Mode::kGrey;
  strip.width = 1;
  strip.height = kSide;
  strip.samples.assign(std::size_t{kSide}, std::uint8_t{7});
  PreprocessOptions options;
  options.profile = Profile::kToolkit;
  test::expect_error(Code::kTooLarge, {"toolkit", "1 x 65536"},
                     [&] { static_cast<void>(preprocess(strip, options, 8, 8)); });
}

TEST(Profiles, ToolkitIsWhatThePublishedClientSends) {
  for (const Json& row : rows()) expect_equal(prepared(row, Profile::kToolkit), bytes_of(row, "toolkit"));
}

TEST(Profiles, McpIsWhatThePublishedToolsSend) {
  for (const Json& row : rows()) {
    EXPECT_EQ(prepared(row, Profile::kMcp), bytes_of(row, "mcp"));
  }
}

TEST(Profiles, TheToolkitCutsDeepGreyWhereOthersRound) {
  const std::vector<float> samples = {0, 1, 2, 3};
  const Intensity minmax = parse_intensity("minmax");
  EXPECT_EQ(to_8bit(std::span<const float>(samples), {minmax, true}), (std::vector<std::uint8_t>{0, 85, 170, 255}));
  const std::vector<float> finer = {0, 1, 2, 4};
  EXPECT_EQ(to_8bit(std::span<const float>(finer), {minmax, true}), (std::vector<std::uint8_t>{0, 63, 127, 255}));
  EXPECT_EQ(to_8bit(std::span<const float>(finer), minmax), (std::vector<std::uint8_t>{0, 64, 128, 255}));
}

}  // namespace
}  // namespace mi2::image::testing
