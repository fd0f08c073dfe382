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
constexpr std::size_t kBlock = 64 * 1024;

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

/// A gzip, zlib or raw stream, read piece by piece. What a piece costs is in proportion to it, however many members
/// the stream has.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes, int format = kGzipOrZlib)
      : bytes_(bytes), gzip_(is_gzip(bytes)), stream_(open_stream(format)) {}

  /// @returns how much of `out` was filled; less than all at the end, or where the stream is broken or cut.
  std::size_t read(std::span<char> out) {
    std::size_t filled = 0;
    while (filled < out.size() && !broken_ && (state_ != Z_STREAM_END || next_member()))
      filled += step(out.subspan(filled));
    return filled;
  }
  /// Whether all of it was read and its checksums fit.
  [[nodiscard]] bool whole() const noexcept { return !broken_ && state_ == Z_STREAM_END; }
  /// Whether, too, nothing follows.
  [[nodiscard]] bool ends_all() const noexcept { return whole() && bytes_.empty(); }

 private:
  bool next_member() {
    if (!gzip_ || !is_gzip(bytes_)) return false;
    state_ = Z_OK;
    return ::inflateReset(stream_.get()) == Z_OK;
  }

  std::size_t step(std::span<char> out) {
    constexpr std::size_t kStep = std::numeric_limits<uInt>::max();
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data()));
    stream_->avail_in = static_cast<uInt>(std::min(bytes_.size(), kStep));
    const uInt offered = stream_->avail_in;
    stream_->next_out = reinterpret_cast<Bytef*>(out.data());
    stream_->avail_out = static_cast<uInt>(std::min(out.size(), kStep));
    const uInt asked = stream_->avail_out;
    state_ = ::inflate(stream_.get(), Z_NO_FLUSH);
    const std::size_t taken = offered - stream_->avail_in;
    const std::size_t made = asked - stream_->avail_out;
    bytes_.remove_prefix(taken);
    if (state_ == Z_MEM_ERROR) throw std::bad_alloc();
    broken_ = (state_ != Z_OK && state_ != Z_STREAM_END) || (state_ == Z_OK && taken == 0 && made == 0);
    return made;
  }

  std::string_view bytes_;
  bool gzip_;
  std::unique_ptr<z_stream, End> stream_;
  int state_ = Z_OK;
  bool broken_ = false;
};

}  // namespace

void inflate_pieces(std::string_view bytes, std::uint64_t limit, std::string_view name,
                    const std::function<void(std::string_view piece)>& use) {
  Pieces pieces(bytes);
  std::string piece(16 * kBlock, '\0');
  std::uint64_t all = 0;
  while (true) {
    const std::size_t made = pieces.read(piece);
    all += made;
    if (all > limit)
      throw Error(Code::kTooLarge, fmt::format("{}: unpacks to more than {} bytes, the limit", name, limit));
    if (made < piece.size() && !pieces.ends_all()) {
      throw Error(Code::kBadFile, fmt::format("{}: its compressed data are broken or cut", name));
    }
    if (made > 0) use(std::string_view(piece).substr(0, made));
    if (made < piece.size()) return;
  }
}

std::size_t inflate_some(std::string_view bytes, std::span<char> out) { return Pieces(bytes).read(out); }

void inflate_start(std::string_view bytes, std::span<char> out, std::string_view name) {
  Pieces pieces(bytes);
  const std::size_t got = pieces.read(out);
  if (got < out.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: its compressed data are broken, or end after {} of {} bytes", name, got, out.size()));
  }
  std::string rest(kBlock, '\0');
  for (std::uint64_t more = 0; !pieces.whole();) {
    const std::size_t made = pieces.read(rest);
    more += made;
    if (more > std::max<std::uint64_t>(out.size(), kBlock)) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: far more compressed data than the {} bytes it says", name, out.size()));
    }
    if (made < rest.size() && !pieces.whole()) {
      throw Error(Code::kBadFile, fmt::format("{}: its compressed data are broken or cut", name));
    }
  }
}

std::string inflate(std::string_view bytes, std::uint64_t limit, std::string_view name) {
  Pieces pieces(bytes, is_gzip(bytes) || is_zlib(bytes) ? kGzipOrZlib : kRaw);
  std::string block(kBlock, '\0');
  std::string result;
  std::size_t made = block.size();
  while (made == block.size()) {
    made = pieces.read(block);
    if (made > limit - result.size()) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} bytes once it is decoded", name, limit));
    }
    result.append(block, 0, made);
  }
  if (!pieces.ends_all()) {
    throw Error(Code::kBadArgument, fmt::format("{}: is not whole gzip or deflate data", name));
  }
  return result;
}

}  // namespace mi2::base
