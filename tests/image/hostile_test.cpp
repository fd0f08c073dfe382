#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "image/image.hpp"

namespace mi2::image {
namespace {

using Bytes = std::vector<std::byte>;

std::optional<Code> refusal(const Bytes& bytes, const DecodeOptions& options = {}) {
  try {
    decode(bytes, options, "row 3");
    return std::nullopt;
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).rfind("row 3", 0), 0U) << error.what();
    return error.code();
  }
}

Bytes text(std::string_view t) {
  const auto* data = reinterpret_cast<const std::byte*>(t.data());
  return {data, data + t.size()};
}

TEST(Decode, RefusesOtherFormatsByName) {
  EXPECT_EQ(refusal({}), Code::kBadFile);
  EXPECT_EQ(refusal(text("GIF89a")), Code::kUnsupported);
  EXPECT_EQ(refusal(text("BM1234567890")), Code::kUnsupported);
  EXPECT_EQ(refusal(text("hello")), Code::kUnsupported);
}

TEST(Decode, RefusesEveryGoldenImageCutShort) {
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(MI2_GOLDEN_DIR) / "images")) {
    const Bytes whole = read_file(entry.path(), 1U << 26);
    for (int part = 1; part < 16; ++part) {
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * part / 16));
      EXPECT_EQ(refusal(cut), Code::kBadFile) << entry.path() << " " << part << "/16";
    }
  }
}

TEST(Decode, ChecksThePixelLimitBeforeDecoding) {
  DecodeOptions options;
  options.max_pixels = 4;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(MI2_GOLDEN_DIR) / "images")) {
    EXPECT_EQ(refusal(read_file(entry.path(), 1U << 26), options), Code::kTooLarge) << entry.path();
  }
}

TEST(Decode, SurvivesFlippedBytes) {
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(MI2_GOLDEN_DIR) / "images")) {
    Bytes bytes = read_file(entry.path(), 1U << 26);
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
}  // namespace mi2::image
