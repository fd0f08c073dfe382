#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/files.hpp"
#include "golden/safetensors_fixture.hpp"
#include "image/image.hpp"
#include "support/middle_frame.hpp"
#include "support/paths.hpp"

namespace mi2::image {
namespace {

const std::filesystem::path kGolden = test::golden_data();

/// [height, width, 3] to [3, height, width].
std::vector<std::uint8_t> planes(const Pixels& rgb) {
  const std::size_t pixels = rgb.samples.size() / 3;
  std::vector<std::uint8_t> out(rgb.samples.size());
  for (std::size_t i = 0; i < rgb.samples.size(); ++i) out[i % 3 * pixels + i / 3] = rgb.samples[i];
  return out;
}

TEST(Preprocess, EqualsPillowBitForBitOnGoldenImagesInBothProfiles) {
  const golden::Safetensors expected(kGolden / "tiny" / "expected.safetensors");
  const auto cases = nlohmann::json::parse(std::ifstream(kGolden / "tiny" / "cases.json"));
  int k = 0;
  for (const std::string image : cases.at("images")) {
    const auto bytes = base::read_file(kGolden / "images" / image, 1U << 26);
    const Image picture = test::middle_frame(open(bytes, {}, image));
    for (const Profile profile : {Profile::kRaw, Profile::kAzure}) {
      const std::string key = "resized." + std::string(name_of(profile)) + "." + std::to_string(k);
      const auto want = expected.u8(key);
      PreprocessOptions options;
      options.profile = profile;
      const Pixels got = preprocess(picture, options, static_cast<int>(want.shape[2]), static_cast<int>(want.shape[1]));
      EXPECT_TRUE(planes(got) == want.values) << image << " " << name_of(profile);
    }
    ++k;
  }
  EXPECT_EQ(k, 16);
}

TEST(Preprocess, RefusesOptionsOutOfRange) {
  const Image picture{Mode::kGrey, 1, 1, {7}, {}};
  PreprocessOptions options;
  options.profile = Profile::kAzure;
  options.azure_quality = 101;
  EXPECT_ANY_THROW(preprocess(picture, options, 8, 8));
  options.azure_quality = 75;
  for (const int size : {0, 4097}) {
    options.azure_size = size;
    EXPECT_ANY_THROW(preprocess(picture, options, 8, 8)) << size;
  }
}

}  // namespace
}  // namespace mi2::image
