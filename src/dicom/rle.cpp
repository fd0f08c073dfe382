#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/rle.hpp"

namespace mi2::dicom {
namespace {

constexpr std::size_t kHeaderBytes = 64;

std::size_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) noexcept {
  return static_cast<std::size_t>(bytes[at]) | static_cast<std::size_t>(bytes[at + 1]) << 8 |
         static_cast<std::size_t>(bytes[at + 2]) << 16 | static_cast<std::size_t>(bytes[at + 3]) << 24;
}

/// PackBits of in[at, end) into every `stride`-th byte of out from `to`, `count` of them. @returns how many came.
std::size_t unpack(std::span<const std::uint8_t> in, std::size_t at, std::size_t end, std::uint8_t* to,
                   std::size_t stride, std::size_t count) noexcept {
  std::size_t done = 0;
  while (at < end && done < count) {
    const unsigned control = in[at++];
    if (control == 128) continue;
    const bool literal = control < 128;
    const std::size_t run = literal ? control + 1 : 257 - control;
    for (std::size_t i = 0; i < run && done < count && at < end; ++i, ++done) {
      to[done * stride] = in[at];
      if (literal) ++at;
    }
    if (!literal) ++at;
  }
  return done;
}

}  // namespace

std::vector<std::uint8_t> decode_rle(std::span<const std::uint8_t> stream, const Layout& layout,
                                     std::string_view name) {
  const std::size_t bytes_a_sample = layout.allocated == 1 ? 1 : layout.allocated / 8;
  const std::size_t segments = layout.samples * bytes_a_sample;
  const std::size_t count = layout.allocated == 1 ? (layout.pixels() + 7) / 8 : layout.pixels();
  const std::size_t found = stream.size() < kHeaderBytes ? 0 : word_at(stream, 0);
  if (found != segments) {
    throw Error(Code::kBadFile, fmt::format("{0}: RLE frame: expected {2} segments, got {1}", name, found, segments));
  }
  std::vector<std::uint8_t> out(base::checked_mul(segments, count, "an RLE frame"));
  for (std::size_t s = 0; s < segments; ++s) {
    const std::size_t begin = word_at(stream, 4 + 4 * s);
    const std::size_t end = s + 1 < segments ? word_at(stream, 8 + 4 * s) : stream.size();
    if (begin < kHeaderBytes || begin > end || end > stream.size()) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: RLE segment {} spans {}..{} of {} bytes", name, s + 1, begin, end, stream.size()));
    }
    // Segments come sample by sample, the highest byte of each first.
    const std::size_t sample = s / bytes_a_sample;
    const std::size_t byte = bytes_a_sample - 1 - s % bytes_a_sample;
    const std::size_t got = unpack(stream, begin, end, out.data() + sample * bytes_a_sample + byte, segments, count);
    if (got != count) {
      throw Error(Code::kBadFile,
                  fmt::format("{0}: RLE segment {1}: expected {3} bytes, got {2}", name, s + 1, got, count));
    }
  }
  return out;
}

}  // namespace mi2::dicom
