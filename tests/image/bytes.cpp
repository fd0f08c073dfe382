#include "bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/files.hpp"
#include "support/middle_frame.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {

Image decode(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name) {
  return test::middle_frame(open(bytes, options, name));
}

Refusal refusal(const Bytes& bytes, const DecodeOptions& options) {
  try {
    decode(bytes, options, kName);
    return {};
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.rfind(kName, 0), 0U) << message;
    EXPECT_TRUE(std::all_of(message.begin(), message.end(), [](char c) { return c >= ' ' && c <= '~'; })) << message;
    return {error.code(), message};
  }
}

Bytes text(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

void put_big(Bytes& bytes, std::size_t at, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) {
    bytes.at(at + static_cast<std::size_t>(i)) = static_cast<std::byte>(value >> (8 * (size - 1 - i)) & 0xFF);
  }
}

void put_little(Bytes& bytes, std::size_t at, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i) {
    bytes.at(at + static_cast<std::size_t>(i)) = static_cast<std::byte>(value >> (8 * i) & 0xFF);
  }
}

std::size_t find(const Bytes& bytes, std::string_view what, bool last) {
  const Bytes key = text(what);
  const auto at = last ? std::find_end(bytes.begin(), bytes.end(), key.begin(), key.end())
                       : std::search(bytes.begin(), bytes.end(), key.begin(), key.end());
  if (at != bytes.end()) return static_cast<std::size_t>(at - bytes.begin());
  ADD_FAILURE() << "the bytes looked for are absent";
  return 0;
}

Bytes fixture(const std::string& file) { return base::read_file(test::data_of("image") / file, 1U << 20); }

std::uint64_t fnv1a(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const std::uint8_t b : bytes) hash = (hash ^ b) * 0x100000001B3ULL;
  return hash;
}

}  // namespace mi2::image::testing
