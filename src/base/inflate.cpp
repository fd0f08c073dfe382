#include "base/inflate.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <zlib.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

constexpr int kGzipOrZlib = MAX_WBITS + 32;  // zlib looks at the first bytes
constexpr int kRaw = -MAX_WBITS;

struct End {
  void operator()(z_stream* stream) const {
    ::inflateEnd(stream);
    delete stream;
  }
};

std::unique_ptr<z_stream, End> open_stream(int format) {
  auto stream = std::make_unique<z_stream>();
  if (::inflateInit2(stream.get(), format) != Z_OK) throw std::bad_alloc();
  return std::unique_ptr<z_stream, End>(stream.release());
}

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

/// RFC 1950: deflate with a window that exists, and a checksum over the first two bytes.
bool is_zlib(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 0x0FU) == Z_DEFLATED && (first >> 4U) <= 7 && (first * 256U + second) % 31 == 0;
}

}  // namespace

std::string inflate(std::string_view bytes, std::uint64_t limit, std::string_view name) {
  constexpr std::size_t kBlock = 64 * 1024;
  constexpr std::size_t kStep = std::numeric_limits<uInt>::max();
  const bool gzip = is_gzip(bytes);
  const auto stream = open_stream(gzip || is_zlib(bytes) ? kGzipOrZlib : kRaw);
  std::string result;
  int state = Z_OK;
  const auto refuse = [&] {
    throw Error(Code::kBadArgument, fmt::format("{}: is not whole gzip or deflate data", name));
  };
  while (state != Z_STREAM_END || (gzip && is_gzip(bytes))) {
    if (state == Z_STREAM_END && ::inflateReset(stream.get()) != Z_OK) refuse();
    const std::size_t before = result.size();
    // One byte more than may come out shows that there is more.
    const std::size_t room = std::min<std::uint64_t>(std::max(kBlock, before), limit + 1 - before);
    result.resize(before + room);
    stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream->avail_in = static_cast<uInt>(std::min(bytes.size(), kStep));
    const uInt offered = stream->avail_in;
    stream->next_out = reinterpret_cast<Bytef*>(result.data() + before);
    stream->avail_out = static_cast<uInt>(std::min(room, kStep));
    const uInt asked = stream->avail_out;
    state = ::inflate(stream.get(), Z_NO_FLUSH);
    const std::size_t taken = offered - stream->avail_in;
    const std::size_t made = asked - stream->avail_out;
    bytes.remove_prefix(taken);
    result.resize(before + made);
    if (state == Z_MEM_ERROR) throw std::bad_alloc();
    if (state != Z_OK && state != Z_STREAM_END) refuse();
    if (state == Z_OK && taken == 0 && made == 0) refuse();
    if (result.size() > limit) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} bytes once it is decoded", name, limit));
    }
  }
  if (!bytes.empty()) refuse();
  return result;
}

}  // namespace mi2::base
