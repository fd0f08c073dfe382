#include "recipe/hdf5.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "base/inflate.hpp"
#include "base/quotes.hpp"
#include "recipe/hdf5_parser.hpp"

namespace mi2::recipe {
namespace {

enum MessageType : std::uint16_t { kDataspace = 0x1, kDatatype = 0x3, kLayout = 0x8, kFilters = 0xB };
enum Filter : std::uint16_t { kDeflate = 1, kShuffle = 2, kChecksum = 3 };

constexpr std::size_t kMostAxes = 8;

}  // namespace

/// Reads the messages of an array's object header.
class Hdf5Bytes::Parser {
 public:
  Parser(Hdf5Bytes& out, std::string_view dataset) : file_(out.file_, out.name_), out_(out) {
    const std::optional<std::uint64_t> header = hdf5_member(file_, file_.root(), dataset);
    if (!header) file_.bad(fmt::format("has no array {} in its root", base::in_quotes(dataset)));
    messages_ = hdf5_messages(file_, *header);
  }

  void run() {
    read_shape(need(kDataspace, "shape"));
    read_type(need(kDatatype, "type"));
    if (const Hdf5Message* filters = find(kFilters)) read_filters(*filters);
    read_layout(need(kLayout, "layout"));
  }

 private:
  [[nodiscard]] const Hdf5Message* find(std::uint16_t type) const {
    const auto found = std::ranges::find(messages_, type, &Hdf5Message::type);
    return found == messages_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const Hdf5Message& need(std::uint16_t type, std::string_view what) const {
    const Hdf5Message* found = find(type);
    if (found == nullptr) file_.bad(fmt::format("the array has no {}", what));
    return *found;
  }

  void read_shape(const Hdf5Message& message) {
    const std::uint64_t version = file_.number(message.address, 1);
    const std::uint64_t axes = file_.number(message.address + 1, 1);
    if (version != 1 && version != 2) file_.unread(fmt::format("has a shape of version {}", version));
    if (axes < 1 || axes > kMostAxes)
      file_.unread(fmt::format("has an array of {} axes, 1 to {} are read", axes, kMostAxes));
    const std::uint64_t sizes = message.address + (version == 1 ? 8 : 4);
    std::uint64_t all = 1;
    for (std::uint64_t i = 0; i < axes; ++i) {
      out_.shape_.push_back(file_.number(sizes + 8 * i, 8));
      all = base::checked_mul(all, out_.shape_.back(), "the bytes of an HDF5 array");
      if (i > 0) out_.row_bytes_ = base::checked_mul(out_.row_bytes_, out_.shape_.back(), "the bytes of a row");
    }
    if (all == 0) file_.bad("has an array without entries");
    // No deflate stream unpacks to more than 1032 times its size.
    constexpr std::uint64_t kMaxRatio = 1032;
    if (all / kMaxRatio > out_.file_.size()) file_.bad(fmt::format("says {} bytes, more than the file can hold", all));
  }

  void read_type(const Hdf5Message& message) const {
    const std::uint64_t kind = file_.number(message.address, 1) & 0x0FU;
    const bool is_signed = (file_.number(message.address + 1, 1) & 0x08U) != 0;
    const std::uint64_t size = file_.number(message.address + 4, 4);
    if (kind != 0 || is_signed || size != 1) file_.unread("has an array of another type than unsigned bytes");
  }

  void read_filters(const Hdf5Message& message) {
    const std::uint64_t version = file_.number(message.address, 1);
    const std::uint64_t count = file_.number(message.address + 1, 1);
    constexpr std::uint64_t kMost = 32;
    if ((version != 1 && version != 2) || count > kMost) file_.unread("has filters that are not read");
    std::uint64_t at = message.address + (version == 1 ? 8 : 2);
    constexpr std::uint64_t kFirstWithName = 256;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto id = static_cast<std::uint16_t>(file_.number(at, 2));
      at += 2;
      std::uint64_t name = 0;
      if (version == 1 || id >= kFirstWithName) {
        name = file_.number(at, 2);
        at += 2;
      }
      const std::uint64_t values = file_.number(at + 2, 2);
      at += 4 + name + 4 * (values + (version == 1 ? values % 2 : 0));
      if (id != kDeflate && id != kShuffle && id != kChecksum) {
        file_.unread(
            fmt::format("has chunks packed by filter {}; deflate (1), shuffle (2) and checksums (3) are read", id));
      }
      out_.filters_.push_back(id);
    }
  }

  void read_layout(const Hdf5Message& message) {
    const std::uint64_t version = file_.number(message.address, 1);
    if (version != 3) file_.unread(fmt::format("has an array laid out by version {}, 3 is read", version));
    const std::uint64_t kind = file_.number(message.address + 1, 1);
    const std::uint64_t all = out_.shape_[0] * out_.row_bytes_;
    if (kind == 2) {
      read_chunks(message);
      return;
    }
    if (kind > 2) file_.unread("has an array of a virtual layout");
    const std::uint64_t size = kind == 0 ? file_.number(message.address + 2, 2) : file_.number(message.address + 10, 8);
    const std::uint64_t address = kind == 0 ? message.address + 4 : file_.number(message.address + 2, 8);
    if (address == kNowhere) return;
    if (size != all) file_.bad(fmt::format("stores {} bytes of an array of {}", size, all));
    out_.whole_ = file_.at(address, size);
  }

  void read_chunks(const Hdf5Message& message) {
    out_.layout_ = Layout::kChunked;
    const std::size_t axes = out_.shape_.size();
    if (file_.number(message.address + 2, 1) != axes + 1) file_.bad("has chunks of other axes than its array");
    std::uint64_t bytes = 1;
    for (std::size_t i = 0; i < axes; ++i) {
      out_.chunk_shape_.push_back(file_.number(message.address + 11 + 4 * i, 4));
      bytes = base::checked_mul(bytes, out_.chunk_shape_.back(), "the bytes of a chunk");
    }
    const std::uint64_t band =
        base::checked_mul(std::min(out_.chunk_shape_[0], out_.shape_[0]), out_.row_bytes_, "the bytes of a band");
    if (bytes == 0) file_.bad("has chunks without entries");
    if (bytes > kMaxChunkBytes || band > kMaxBandBytes) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: chunks of {} bytes, {} in those side by side; the limits are {} and {}", out_.name_,
                              bytes, band, kMaxChunkBytes, kMaxBandBytes));
    }
    const std::uint64_t tree = file_.number(message.address + 3, 8);
    if (tree == kNowhere) return;
    for (Hdf5ChunkEntry& entry : hdf5_chunks(file_, tree, axes)) {
      for (std::size_t i = 0; i < axes; ++i) {
        if (entry.offset[i] % out_.chunk_shape_[i] != 0) file_.bad("has a chunk that lies across others");
      }
      out_.chunks_.push_back({std::move(entry.offset), entry.address, entry.size, entry.skipped});
    }
    std::uint64_t most = 1;
    for (std::size_t i = 0; i < axes; ++i) {
      most *= out_.shape_[i] / out_.chunk_shape_[i] + (out_.shape_[i] % out_.chunk_shape_[i] == 0 ? 0 : 1);
    }
    if (out_.chunks_.size() > most) file_.bad("has more chunks than its array has room for");
    std::ranges::stable_sort(out_.chunks_, {}, [](const Chunk& chunk) { return chunk.offset[0]; });
  }

  Hdf5File file_;
  Hdf5Bytes& out_;
  std::vector<Hdf5Message> messages_;
};

Hdf5Bytes::Hdf5Bytes(std::span<const std::byte> file, std::string_view dataset, std::string_view name)
    : file_(file), name_(name) {
  Parser(*this, dataset).run();
}

std::vector<std::uint8_t> Hdf5Bytes::unpacked(const Chunk& chunk) const {
  std::uint64_t size = 1;
  for (const std::uint64_t side : chunk_shape_) size *= side;
  std::span<const std::byte> stored = file_.subspan(chunk.address, chunk.size);
  bool is_deflated = false;
  for (std::size_t i = filters_.size(); i-- > 0;) {
    if ((chunk.skipped >> i & 1U) != 0) continue;
    constexpr std::size_t kChecksumBytes = 4;
    if (filters_[i] == kChecksum && !is_deflated && stored.size() >= kChecksumBytes) {
      stored = stored.first(stored.size() - kChecksumBytes);
    }
    // To shuffle the bytes of elements of one byte leaves them as they are.
    is_deflated = is_deflated || filters_[i] == kDeflate;
  }
  std::vector<std::uint8_t> bytes(size);
  if (is_deflated) {
    base::inflate_start({reinterpret_cast<const char*>(stored.data()), stored.size()},
                        {reinterpret_cast<char*>(bytes.data()), bytes.size()}, name_);
  } else if (stored.size() < size) {
    throw Error(Code::kBadFile, fmt::format("{}: a chunk has {} bytes, expected {}", name_, stored.size(), size));
  } else {
    std::ranges::transform(stored.first(size), bytes.begin(),
                           [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  }
  return bytes;
}

/// Puts a chunk's entries where they are in a band of `rows` rows. What of a chunk is outside of the array is padding.
void Hdf5Bytes::place(const Chunk& chunk, std::span<const std::uint8_t> bytes, std::uint64_t rows,
                      std::span<std::uint8_t> band) const {
  const std::size_t axes = shape_.size();
  const std::size_t last = axes - 1;
  std::vector<std::uint64_t> index(axes, 0);
  for (std::size_t i = 1; i < axes; ++i) {
    if (chunk.offset[i] >= shape_[i]) return;
  }
  const std::uint64_t run = last == 0 ? 1 : std::min(chunk_shape_[last], shape_[last] - chunk.offset[last]);
  std::uint64_t from = 0;
  const std::uint64_t step = last == 0 ? 1 : chunk_shape_[last];
  while (true) {
    std::uint64_t to = index[0];
    bool is_inside = index[0] < rows;
    for (std::size_t i = 1; i < axes; ++i) {
      const std::uint64_t place = chunk.offset[i] + index[i];
      is_inside = is_inside && place < shape_[i];
      to = to * shape_[i] + place;
    }
    if (is_inside) std::ranges::copy(bytes.subspan(from, run), band.begin() + static_cast<std::ptrdiff_t>(to));
    from += step;
    // The next line: all axes but the last count up, the one before it first.
    std::size_t axis = last == 0 ? 1 : last;
    while (axis > 0 && ++index[axis - 1] == chunk_shape_[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

void Hdf5Bytes::each_whole_band(const std::function<bool(std::uint64_t, std::span<const std::uint8_t>)>& use) const {
  constexpr std::uint64_t kBand = 1U << 22;
  const std::uint64_t rows = std::clamp<std::uint64_t>(kBand / row_bytes_, 1, shape_[0]);
  if (row_bytes_ > kMaxBandBytes) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: rows of {} bytes, the limit is {}", name_, row_bytes_, kMaxBandBytes));
  }
  std::vector<std::uint8_t> band;
  for (std::uint64_t first = 0; first < shape_[0]; first += rows) {
    const std::uint64_t count = std::min(rows, shape_[0] - first);
    band.assign(count * row_bytes_, 0);
    if (!whole_.empty()) {
      std::ranges::transform(whole_.subspan(first * row_bytes_, band.size()), band.begin(),
                             [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    }
    if (!use(first, band)) return;
  }
}

void Hdf5Bytes::each_band(
    const std::function<bool(std::uint64_t first, std::span<const std::uint8_t> rows)>& use) const {
  if (layout_ == Layout::kWhole) {
    each_whole_band(use);
    return;
  }
  std::vector<std::uint8_t> band;
  std::size_t next = 0;
  for (std::uint64_t first = 0; first < shape_[0]; first += chunk_shape_[0]) {
    const std::uint64_t rows = std::min(chunk_shape_[0], shape_[0] - first);
    band.assign(rows * row_bytes_, 0);
    for (; next < chunks_.size() && chunks_[next].offset[0] == first; ++next) {
      place(chunks_[next], unpacked(chunks_[next]), rows, band);
    }
    if (!use(first, band)) return;
  }
}

}  // namespace mi2::recipe
