#include "image/png_data.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <libdeflate.h>

namespace mi2::image {
namespace {

constexpr std::size_t kChunkHeader = 8;  // length and type
constexpr std::size_t kChunk = 12;       // and the checksum, around what the chunk holds
constexpr std::size_t kZlibHeader = 2;   // RFC 1950
constexpr std::size_t kAdler = 4;
constexpr std::size_t kBlock = 65535;  // bytes of a stored block at most, RFC 1951
constexpr std::size_t kBlockHeader = 5;
/// Of unpacked data, which is held beside the image. Larger images take zlib's time, and less memory.
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

struct Free {
  void operator()(libdeflate_decompressor* decompressor) const noexcept { libdeflate_free_decompressor(decompressor); }
};

void put(std::vector<std::byte>& to, std::size_t value, int bytes, bool big_endian) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big_endian ? bytes - 1 - i : i);
    to.push_back(static_cast<std::byte>(value >> shift & 0xFF));
  }
}

/// What the chunks hold, one after the other; a view of `chunks` if there is only one.
std::span<const std::byte> packed_of(std::span<const std::span<const std::byte>> chunks, std::vector<std::byte>& all) {
  const auto content = [](std::span<const std::byte> chunk) {
    return chunk.subspan(kChunkHeader, chunk.size() - kChunk);
  };
  if (chunks.size() == 1) return content(chunks.front());
  for (const std::span<const std::byte> chunk : chunks) {
    const std::span<const std::byte> part = content(chunk);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

std::optional<StoredData> StoredData::of(std::span<const std::span<const std::byte>> chunks, std::size_t size) {
  const auto whole = [](std::span<const std::byte> chunk) { return chunk.size() >= kChunk; };
  if (size == 0 || size > kMostBytes || chunks.empty() || !std::all_of(chunks.begin(), chunks.end(), whole)) {
    return std::nullopt;
  }
  std::vector<std::byte> all;
  const std::span<const std::byte> packed = packed_of(chunks, all);
  const std::unique_ptr<libdeflate_decompressor, Free> decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) return std::nullopt;
  std::vector<std::byte> raw(size);
  // Without a place for the size, it must be just this.
  const libdeflate_result result =
      libdeflate_zlib_decompress(decompressor.get(), packed.data(), packed.size(), raw.data(), raw.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS) return std::nullopt;
  return StoredData(std::move(raw));
}

StoredData::StoredData(std::vector<std::byte> raw) : raw_(std::move(raw)) {
  const std::size_t blocks = (raw_.size() + kBlock - 1) / kBlock;
  frames_.reserve(kChunk + kZlibHeader + blocks * kBlockHeader + kAdler);
  put(frames_, kZlibHeader + blocks * kBlockHeader + raw_.size() + kAdler, 4, true);
  for (const char letter : {'I', 'D', 'A', 'T'}) frames_.push_back(static_cast<std::byte>(letter));
  put(frames_, 0x7801, 2, true);  // a window of 32 KiB, no dictionary
  std::size_t used = 0;
  for (std::size_t at = 0; at < raw_.size(); at += kBlock) {
    const std::size_t count = std::min(kBlock, raw_.size() - at);
    put(frames_, at + count == raw_.size() ? 1 : 0, 1, false);
    put(frames_, count, 2, false);
    put(frames_, ~count, 2, false);
    parts_.emplace_back(frames_.data() + used, frames_.size() - used);
    parts_.emplace_back(raw_.data() + at, count);
    used = frames_.size();
  }
  put(frames_, libdeflate_adler32(1, raw_.data(), raw_.size()), 4, true);
  put(frames_, 0, 4, true);  // a checksum that is not looked at
  parts_.emplace_back(frames_.data() + used, frames_.size() - used);
}

}  // namespace mi2::image
