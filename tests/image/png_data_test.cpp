// Image data of a PNG unpacked beforehand: the same bytes, or left to libpng.

#include "image/png_data.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "bytes.hpp"

namespace mi2::image {
namespace {

using testing::Bytes;

Bytes some_bytes(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 7);
  return bytes;
}

Bytes packed(const Bytes& bytes) {
  Bytes out(compressBound(bytes.size()));
  uLongf size = out.size();
  EXPECT_EQ(
      compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
      Z_OK);
  out.resize(size);
  return out;
}

/// With a checksum of zeros, which nobody looks at.
Bytes chunk(std::span<const std::byte> content) {
  Bytes out(4);
  testing::put_big(out, 0, static_cast<std::uint32_t>(content.size()));
  for (const char letter : {'I', 'D', 'A', 'T'}) out.push_back(static_cast<std::byte>(letter));
  out.insert(out.end(), content.begin(), content.end());
  out.insert(out.end(), 4, std::byte{0});
  return out;
}

std::optional<StoredData> stored(const std::vector<Bytes>& chunks, std::size_t size) {
  const std::vector<std::span<const std::byte>> views(chunks.begin(), chunks.end());
  return StoredData::of(views, size);
}

/// What zlib unpacks from the chunk that `data` is.
Bytes unpacked(const StoredData& data, std::size_t size) {
  Bytes whole;
  for (const std::span<const std::byte> part : data.parts()) whole.insert(whole.end(), part.begin(), part.end());
  const Bytes expected_start = chunk(std::span(whole).subspan(8, whole.size() - 12));
  EXPECT_EQ(whole, expected_start);
  Bytes out(size);
  uLongf found = out.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(out.data()), &found, reinterpret_cast<const Bytef*>(whole.data() + 8),
                       whole.size() - 12),
            Z_OK);
  EXPECT_EQ(found, size);
  return out;
}

TEST(StoredData, HoldsWhatThePackedChunksHold) {
  for (const std::size_t size : {1U, 100U, 65534U, 65535U, 65536U, 131070U, 300000U}) {
    const Bytes raw = some_bytes(size);
    const Bytes data = packed(raw);
    const std::size_t half = data.size() / 2;
    for (const auto& chunks : {std::vector<Bytes>{chunk(data)},
                               {chunk(std::span(data).first(half)), chunk({}), chunk(std::span(data).subspan(half))}}) {
      std::optional<StoredData> found = stored(chunks, size);
      ASSERT_TRUE(found) << size;
      const StoredData moved = std::move(*found);
      EXPECT_EQ(unpacked(moved, size), raw);
    }
  }
}

TEST(StoredData, LeavesDamagedAndOddDataToLibpng) {
  const Bytes raw = some_bytes(5000);
  const Bytes data = packed(raw);
  EXPECT_FALSE(stored({chunk(data)}, raw.size() - 1)) << "more than the rows take";
  EXPECT_FALSE(stored({chunk(data)}, raw.size() + 1)) << "less than the rows take";
  EXPECT_FALSE(stored({chunk(std::span(data).first(data.size() - 1))}, raw.size())) << "cut";
  EXPECT_FALSE(stored({chunk({})}, raw.size()));
  EXPECT_FALSE(stored({Bytes(11)}, raw.size())) << "no whole chunk";
  EXPECT_FALSE(stored({}, raw.size()));
  EXPECT_FALSE(stored({chunk(data)}, 0)) << "interlaced";
  EXPECT_FALSE(stored({chunk(data)}, std::size_t{1} << 40)) << "memory";
  for (std::size_t at = 0; at < data.size(); at += 7) {
    Bytes bent = data;
    bent[at] ^= std::byte{0x10};
    const std::optional<StoredData> found = stored({chunk(bent)}, raw.size());
    if (!found) continue;  // what is not looked at was damaged, if anything was found
    EXPECT_EQ(unpacked(*found, raw.size()), raw) << at;
  }
}

}  // namespace
}  // namespace mi2::image
