#include "archive/thumbs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/segments.hpp"
#include "base/file_at.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/little_endian.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPackMagic = "MI2 pack";
constexpr std::uint32_t kPackVersion = 1;
constexpr std::size_t kPackHashAt = kPackHeader - sizeof(std::uint64_t);

std::uint64_t pack_number(std::uint64_t row) { return row / kSegmentRows + 1; }

/// What of a pack lies between these parts of it, (first, last) each.
void add_gaps(std::uint64_t number, std::vector<std::pair<std::uint64_t, std::uint64_t>>& used,
              std::vector<PackGap>& gaps) {
  std::sort(used.begin(), used.end());
  std::uint64_t end = kPackHeader;
  for (const auto& [first, last] : used) {
    if (first > end) gaps.push_back({number, end, first});
    end = std::max(end, last);
  }
  gaps.push_back({number, end, kPackEnd});
  used.clear();
}

}  // namespace

fs::path pack_file(const fs::path& folder, std::uint64_t number) {
  return folder / "thumbs" / fmt::format("{:06}.pack", number);
}

std::vector<PackGap> pack_gaps(Catalog& catalog, const std::function<bool(std::uint64_t)>& counts) {
  std::vector<PackGap> gaps;
  if (catalog.rows() == 0) return gaps;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> used;
  std::uint64_t number = 1;
  catalog.each_thumb([&](const Thumb& thumb) {
    for (; number < pack_number(thumb.row); ++number) add_gaps(number, used, gaps);
    if (counts(thumb.row)) used.emplace_back(thumb.offset, thumb.offset + thumb.size);
  });
  for (const std::uint64_t last = pack_number(catalog.rows() - 1); number <= last; ++number) {
    add_gaps(number, used, gaps);
  }
  return gaps;
}

fs::path pack_of(const fs::path& folder, std::uint64_t row) { return pack_file(folder, pack_number(row)); }

std::string pack_header(const Format& format, std::uint64_t number) {
  std::string header(kPackMagic);
  base::append_little_endian<std::uint32_t>(header, kPackVersion);
  base::append_little_endian<std::uint32_t>(header, 0);
  base::append_little_endian<std::uint64_t>(header, number);
  header += id_bytes(format);
  header.resize(kPackHashAt, '\0');
  base::append_little_endian<std::uint64_t>(header, base::xxh3(std::as_bytes(std::span(header))));
  return header;
}

void check_pack_header(std::span<const std::byte> bytes, const Format& format, std::uint64_t number,
                       std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kPackHeader));
  const auto refuse = [&](const std::string& what) {
    throw Error(Code::kBadFile, fmt::format("{}: expected thumbnails {} of the archive, got {}", name, number, what));
  };
  if (text.size() < kPackHeader) refuse(fmt::format("{} bytes", text.size()));
  if (!text.starts_with(kPackMagic)) refuse("another kind of file");
  if (base::read_little_endian<std::uint64_t>(bytes, kPackHashAt) != base::xxh3(bytes.first(kPackHashAt))) {
    refuse("a damaged header");
  }
  const auto version = base::read_little_endian<std::uint32_t>(bytes, kPackMagic.size());
  if (version != kPackVersion) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected version {}, got {}", name, kPackVersion, version));
  }
  if (text == pack_header(format, number)) return;
  const auto found = base::read_little_endian<std::uint64_t>(bytes, 16);
  refuse(found == number ? "those of another archive" : fmt::format("thumbnails {}", found));
}

Pack::Pack(const fs::path& folder, const Format& format, std::uint64_t row)
    : path_(pack_of(folder, row)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be opened: {}", path_.string(), std::strerror(errno)));
  }
  std::array<std::byte, kPackHeader> header{};
  try {
    if (!base::read_at(descriptor_, header, 0)) {
      throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", path_.string(), std::strerror(errno)));
    }
    check_pack_header(header, format, pack_number(row), path_.string());
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Pack::~Pack() { ::close(descriptor_); }

std::uint64_t Pack::size() const {
  struct stat found {};
  return ::fstat(descriptor_, &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

std::vector<std::byte> Pack::read(const Thumb& thumb) const {
  const std::uint64_t size = this->size();
  const bool inside = thumb.size <= kMaxThumbBytes && thumb.offset >= kPackHeader && thumb.offset <= size &&
                      thumb.size <= size - thumb.offset;
  std::vector<std::byte> bytes(inside ? thumb.size : 0);
  if (!inside || !base::read_at(descriptor_, bytes, thumb.offset) || base::crc32c(bytes) != thumb.crc) {
    throw Error(Code::kBadFile, fmt::format("{}: the thumbnail of row {} is not the one that was written; 'mi2 index "
                                            "verify --deep' finds all",
                                            path_.string(), thumb.row));
  }
  return bytes;
}

ThumbWriter::ThumbWriter(fs::path folder, Format format, Catalog& catalog)
    : folder_(std::move(folder)), format_(std::move(format)), catalog_(catalog) {
  // What was never committed is of no row, and would outlive an erasure.
  std::error_code ignored;
  std::uint64_t number = pack_number(catalog_.rows());
  try {
    for (; committed(number) != 0 || fs::exists(pack_file(folder_, number), ignored); ++number) open(number);
  } catch (...) {
    close();
    throw;
  }
}

ThumbWriter::~ThumbWriter() { close(); }

void ThumbWriter::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  number_ = 0;
}

void ThumbWriter::restart() noexcept {
  close();
  dirty_ = false;
}

void ThumbWriter::fail(const char* what) const {
  throw Error(Code::kBadFile,
              fmt::format("{}: {}: {}", pack_file(folder_, number_).string(), what, std::strerror(errno)));
}

void ThumbWriter::open(std::uint64_t number) {
  if (number == number_) return;
  sync();
  close();
  number_ = number;
  const fs::path path = pack_file(folder_, number);
  std::error_code error;
  fs::create_directory(path.parent_path(), error);
  const std::uint64_t end = committed(number);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | (end == 0 ? O_CREAT : 0), 0666);
  if (descriptor_ < 0) fail("cannot be opened");
  end_ = std::max<std::uint64_t>(end, kPackHeader);
  if (end != 0) {
    const Pack pack(folder_, format_, (number - 1) * kSegmentRows);
    if (pack.size() < end_) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: expected at least {} bytes for the thumbnails of the catalog, got {}", path.string(),
                              end_, pack.size()));
    }
  }
  if (size() > end_ && ::ftruncate(descriptor_, static_cast<off_t>(end_)) != 0) fail("cannot be cut");
  if (end != 0) return;
  const std::string header = pack_header(format_, number);
  if (!base::write_at(descriptor_, std::as_bytes(std::span(header)), 0)) fail("cannot write");
  dirty_ = true;
  base::sync_folder(path.parent_path());
  base::sync_folder(folder_);
}

std::uint64_t ThumbWriter::committed(std::uint64_t number) {
  return catalog_.thumbs_end((number - 1) * kSegmentRows, number * kSegmentRows);
}

std::uint64_t ThumbWriter::size() const {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0) fail("cannot be looked at");
  return static_cast<std::uint64_t>(found.st_size);
}

Thumb ThumbWriter::append(std::uint64_t row, std::span<const std::byte> file) {
  open(pack_number(row));
  const Thumb thumb{row, end_, file.size(), base::crc32c(file)};
  if (!base::write_at(descriptor_, file, end_)) fail("cannot write");
  end_ += file.size();
  dirty_ = true;
  return thumb;
}

void ThumbWriter::sync() {
  if (!dirty_) return;
  if (!base::sync_data(descriptor_)) fail("cannot be flushed to disk");
  dirty_ = false;
}

void ThumbWriter::erase(std::span<const Thumb> thumbs) {
  while (!thumbs.empty()) {
    const auto other = std::find_if(thumbs.begin(), thumbs.end(), [&](const Thumb& thumb) {
      return pack_number(thumb.row) != pack_number(thumbs.front().row);
    });
    const auto count = static_cast<std::size_t>(other - thumbs.begin());
    erase_of_one_pack(thumbs.first(count));
    thumbs = thumbs.subspan(count);
  }
}

void ThumbWriter::erase_of_one_pack(std::span<const Thumb> thumbs) {
  open(pack_number(thumbs.front().row));
  const std::uint64_t end = size();
  // What lies side by side goes as one, so that blocks in which one ends and the next begins are given back too.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const Thumb& thumb : thumbs) {
    // Whatever a damaged catalog says, nothing else is overwritten than the pack's own bytes.
    if (thumb.offset < kPackHeader || thumb.offset >= end || thumb.size > kMaxThumbBytes) continue;
    const std::vector<std::byte> zeros(std::min(thumb.size, end - thumb.offset));
    if (!base::write_at(descriptor_, zeros, thumb.offset)) fail("cannot write");
    dirty_ = true;
    if (ranges.empty() || ranges.back().second != thumb.offset) ranges.emplace_back(thumb.offset, thumb.offset);
    ranges.back().second += zeros.size();
  }
  // Before blocks are given back: not every file system can, or empties those that it takes.
  sync();
  for (const auto& [first, last] : ranges) static_cast<void>(base::give_back(descriptor_, first, last - first));
}

void ThumbWriter::give_back(std::span<const PackGap> gaps) {
  for (const PackGap& gap : gaps) {
    std::error_code ignored;
    if (!fs::exists(pack_file(folder_, gap.pack), ignored)) continue;
    open(gap.pack);
    const std::uint64_t last = std::min(gap.last, size());
    if (gap.first >= last) continue;
    if (!base::give_back(descriptor_, gap.first, last - gap.first)) fail("cannot be emptied");
    dirty_ = true;
  }
  sync();
}

}  // namespace mi2::archive
