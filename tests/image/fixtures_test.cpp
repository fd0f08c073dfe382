#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bytes.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {
namespace {

constexpr int kModelWidth = 40;
constexpr int kModelHeight = 48;

std::string hash(const Image& picture, Profile profile, int width, int height) {
  PreprocessOptions options;
  options.profile = profile;
  return fmt::format("{:016x}", fnv1a(preprocess(picture, options, width, height).samples));
}

std::vector<std::string> names_of(const Warnings& warnings) {
  std::vector<std::string> names;
  for (const std::string& warning : warnings) names.push_back(warning.substr(0, warning.find(':')));
  return names;
}

/// The pixels of expected.json are Pillow's: make_fixtures.py.
TEST(Fixtures, OfEveryRareVariantEqualPillowBitForBit) {
  const auto path = test::data_of("image") / "expected.json";
  const auto rows = nlohmann::json::parse(std::ifstream(path));
  for (const auto& [file, row] : rows.items()) {
    SCOPED_TRACE(file);
    if (row.is_null()) {
      EXPECT_TRUE(refusal(fixture(file)).code.has_value());
      continue;
    }
    if (row.contains("refused")) {
      const Refusal found = refusal(fixture(file));
      EXPECT_TRUE(found.code == Code::kUnsupported || found.code == Code::kBadFile);
      EXPECT_THAT(found.message, ::testing::HasSubstr(row.at("refused").get<std::string>()));
      continue;
    }
    ASSERT_EQ(refusal(fixture(file)).message, "");
    const Image picture = decode(fixture(file), {}, file);
    ASSERT_EQ(picture.width, row.at("width").get<int>());
    ASSERT_EQ(picture.height, row.at("height").get<int>());
    EXPECT_EQ(hash(picture, Profile::kRaw, picture.width, picture.height), row.at("rgb").get<std::string>());
    EXPECT_EQ(hash(picture, Profile::kRaw, kModelWidth, kModelHeight), row.at("raw").get<std::string>());
    EXPECT_EQ(hash(picture, Profile::kAzure, kModelWidth, kModelHeight), row.at("azure").get<std::string>());
    EXPECT_EQ(names_of(picture.warnings), row.value("warnings", std::vector<std::string>{}));
  }
  EXPECT_GT(rows.size(), 90U);
}

}  // namespace
}  // namespace mi2::image::testing
