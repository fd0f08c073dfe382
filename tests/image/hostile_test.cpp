#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.hpp"
#include "bytes.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {
namespace {

/// The golden images and the rare variants of tests/image/data.
std::vector<std::filesystem::path> all_files() {
  std::vector<std::filesystem::path> out;
  for (const auto& folder : {test::golden_data() / "images", test::data_of("image")}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".json") out.push_back(entry.path());
    }
  }
  return out;
}

Bytes read(const std::filesystem::path& path) { return base::read_file(path, 1U << 26); }

TEST(Decode, RefusesOtherFormatsByName) {
  EXPECT_EQ(refusal({}).code, Code::kBadFile);
  EXPECT_EQ(refusal(text("hello")).code, Code::kUnsupported);
  const std::pair<std::string_view, const char*> named[] = {
      {"%PDF-1.7", "PDF"},      {"<svg xmlns=", "SVG"},   {"????ftypheic", "HEIF"},
      {"????ftypavif", "AVIF"}, {"\xff\x0a.", "JPEG XL"}, {"\x76\x2f\x31\x01", "OpenEXR"},
      {"II*\x08????CR", "CR2"}, {"SIMPLE  =", "FITS"},    {"FUJIFILMCCD-RAW", "RAF"}};
  for (const auto& [head, name] : named) {
    Bytes bytes = text(head);
    if (head.starts_with("II*")) bytes[3] = std::byte{0};
    const Refusal found = refusal(bytes);
    EXPECT_EQ(found.code, Code::kUnsupported) << name;
    EXPECT_THAT(found.message, ::testing::HasSubstr(name));
  }
}

TEST(Decode, RefusesEveryGoldenImageCutShort) {
  for (const auto& entry : std::filesystem::directory_iterator(test::golden_data() / "images")) {
    const Bytes whole = read(entry.path());
    for (int part = 1; part < 16; ++part) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * part / 16));
      EXPECT_EQ(refusal(cut).code, Code::kBadFile) << entry.path() << " " << part << "/16";
    }
  }
}

TEST(Decode, SurvivesEveryFormatCutAtManyLengths) {
  for (const auto& entry : std::filesystem::directory_iterator(test::data_of("image"))) {
    if (entry.path().extension() == ".json") continue;
    const Bytes whole = read(entry.path());
    for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 97) {
      const Refusal found = refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      EXPECT_TRUE(found.code.has_value() || size >= whole.size() / 4) << entry.path() << " cut to " << size;
    }
  }
}

TEST(Decode, ChecksThePixelLimitBeforeDecoding) {
  DecodeOptions options;
  options.max_pixels = 4;
  for (const auto& path : all_files()) {
    EXPECT_EQ(refusal(read(path), options).code, Code::kTooLarge) << path;
  }
}

TEST(Decode, SurvivesFlippedBytes) {
  for (const auto& path : all_files()) {
    Bytes bytes = read(path);
    DecodeOptions options;
    options.max_pixels = 1U << 22;
    for (std::size_t i = 8; i < bytes.size(); i += bytes.size() / 23 + 1) {
      bytes[i] ^= std::byte{0x5A};
      refusal(bytes, options);
      bytes[i] ^= std::byte{0x5A};
    }
  }
}

}  // namespace
}  // namespace mi2::image::testing
