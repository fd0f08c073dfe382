#include "archive/segments.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/file_at.hpp"
#include "base/hash.hpp"
#include "base/little_endian.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "MI2 f32\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHashAt = kSegmentHeader - sizeof(std::uint64_t);

}  // namespace

std::uint64_t row_offset(std::uint64_t row, std::size_t dimensions) {
  return kSegmentHeader + row % kSegmentRows * dimensions * sizeof(float);
}

std::string segment_header(const Format& format, std::uint64_t number) {
  std::string header(kMagic);
  base::append_little_endian<std::uint32_t>(header, kVersion);
  base::append_little_endian<std::uint32_t>(header, static_cast<std::uint32_t>(format.dimensions));
  base::append_little_endian<std::uint64_t>(header, number);
  base::append_little_endian<std::uint64_t>(header, kSegmentRows);
  header += id_bytes(format);
  header.resize(kHashAt, '\0');
  base::append_little_endian<std::uint64_t>(header, base::xxh3(std::as_bytes(std::span(header))));
  return header;
}

void check_segment_header(std::span<const std::byte> bytes, const Format& format, std::uint64_t number,
                          std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kSegmentHeader));
  const auto refuse = [&](const std::string& what) {
    throw Error(Code::kBadFile, fmt::format("{}: expected segment {} of the archive, got {}", name, number, what));
  };
  if (text.size() < kSegmentHeader) refuse(fmt::format("{} bytes", text.size()));
  if (!text.starts_with(kMagic)) refuse("another kind of file");
  if (base::read_little_endian<std::uint64_t>(bytes, kHashAt) != base::xxh3(bytes.first(kHashAt)))
    refuse("a damaged header");
  const auto version = base::read_little_endian<std::uint32_t>(bytes, 8);
  if (version != kVersion) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected version {}, got {}", name, kVersion, version));
  }
  const std::string wanted = segment_header(format, number);
  if (text == wanted) return;
  if (text.substr(32, 16) != std::string_view(wanted).substr(32, 16)) refuse("one of another archive");
  if (const auto found = base::read_little_endian<std::uint64_t>(bytes, 16); found != number)
    refuse(fmt::format("segment {}", found));
  refuse(fmt::format("one of {} dimensions", base::read_little_endian<std::uint32_t>(bytes, 12)));
}

void require_written(const fs::path& folder, std::uint64_t row, std::span<const float> numbers, std::uint32_t crc) {
  if (base::crc32c(std::as_bytes(numbers)) == crc) return;
  throw Error(Code::kBadFile, fmt::format("{}: row {} is not the one that was written; 'mi2 index verify' finds all",
                                          segment_file(folder, row / kSegmentRows + 1).string(), row));
}

SegmentWriter::SegmentWriter(fs::path folder, Format format, std::uint64_t rows)
    : folder_(std::move(folder)), format_(std::move(format)), next_(rows) {
  const Segments committed(folder_, format_, rows);  // each is there, whole and its own
}

SegmentWriter::~SegmentWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SegmentWriter::fail(const char* what) const {
  throw Error(Code::kBadFile,
              fmt::format("{}: {}: {}", segment_file(folder_, number_).string(), what, std::strerror(errno)));
}

void SegmentWriter::open(std::uint64_t number) {
  if (number == number_) return;
  if (descriptor_ >= 0) {
    if (dirty_) sync();
    ::close(descriptor_);
  }
  number_ = number;
  const fs::path path = segment_file(folder_, number);
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot be opened");
  // One that a killed writer began, or none: none of its rows is committed.
  const bool fresh = next_ <= (number - 1) * kSegmentRows;
  if (!fresh) return;
  const std::string header = segment_header(format_, number);
  if (!base::write_at(descriptor_, std::as_bytes(std::span(header)), 0)) fail("cannot write");
  dirty_ = true;
  base::sync_folder(path.parent_path());
}

void SegmentWriter::append(std::span<const float> row) {
  open(next_ / kSegmentRows + 1);
  if (!base::write_at(descriptor_, std::as_bytes(row), row_offset(next_, format_.dimensions))) fail("cannot write");
  dirty_ = true;
  ++next_;
}

void SegmentWriter::overwrite(std::uint64_t row, std::span<const float> with) {
  open(row / kSegmentRows + 1);
  if (!base::write_at(descriptor_, std::as_bytes(with), row_offset(row, format_.dimensions))) fail("cannot write");
  dirty_ = true;
}

void SegmentWriter::give_back(std::uint64_t first, std::uint64_t last) {
  open(first / kSegmentRows + 1);
  const std::uint64_t size = (last - first) * format_.dimensions * sizeof(float);
  if (!base::give_back(descriptor_, row_offset(first, format_.dimensions), size)) fail("cannot be emptied");
  dirty_ = true;
}

void SegmentWriter::sync() {
  if (!dirty_) return;
  if (!base::sync_data(descriptor_)) fail("cannot be flushed to disk");
  dirty_ = false;
}

std::vector<float> SegmentWriter::read(std::uint64_t row) {
  open(row / kSegmentRows + 1);
  std::vector<float> numbers(format_.dimensions);
  if (!base::read_at(descriptor_, std::as_writable_bytes(std::span(numbers)), row_offset(row, format_.dimensions))) {
    fail("cannot be read");
  }
  return numbers;
}

Segments::Segments(const fs::path& folder, const Format& format, std::uint64_t rows)
    : dimensions_(format.dimensions), rows_(rows) {
  for (std::uint64_t first = 0; first < rows; first += kSegmentRows) {
    const std::uint64_t number = first / kSegmentRows + 1;
    const fs::path path = segment_file(folder, number);
    base::MappedFile file(path);
    check_segment_header(file.bytes(), format, number, path.string());
    const std::uint64_t wanted = kSegmentHeader + std::min(rows - first, kSegmentRows) * dimensions_ * sizeof(float);
    if (file.bytes().size() < wanted) {
      throw Error(Code::kBadFile, fmt::format("{}: expected at least {} bytes for the rows of the catalog, got {}",
                                              path.string(), wanted, file.bytes().size()));
    }
    files_.push_back(std::move(file));
  }
}

std::span<const float> Segments::block(std::size_t i) const noexcept {
  const std::uint64_t rows = std::min(rows_ - i * kSegmentRows, kSegmentRows);
  // The header keeps the alignment of the mapping.
  return {reinterpret_cast<const float*>(files_[i].bytes().data() + kSegmentHeader), rows * dimensions_};
}

std::span<const float> Segments::row(std::uint64_t row) const noexcept {
  return block(row / kSegmentRows).subspan(row % kSegmentRows * dimensions_, dimensions_);
}

void Segments::check() const {
  for (const base::MappedFile& file : files_) {
    struct stat found {};
    const std::uint64_t mapped = file.bytes().size();
    if (::stat(file.path().c_str(), &found) != 0 || static_cast<std::uint64_t>(found.st_size) < mapped) {
      throw Error(Code::kBadFile, fmt::format("{}: was cut while it was read", file.path().string()));
    }
  }
}

std::uint64_t Segments::stamp(std::size_t i) const {
  struct stat found {};
  if (::stat(files_[i].path().c_str(), &found) != 0) return 0;
  return static_cast<std::uint64_t>(found.st_mtim.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(found.st_mtim.tv_nsec);
}

}  // namespace mi2::archive
