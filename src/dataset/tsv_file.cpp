#include "dataset/tsv_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dataset {
namespace {

constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max();
/// Bytes of the file between two moments at which a scan gives pages back.
constexpr std::size_t kReleaseEvery = std::size_t{64} << 20;

std::string_view text_of(const base::MappedFile& file) noexcept {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

/// A line index that is there and at least as new as what it describes.
bool usable(const std::filesystem::path& index, const std::filesystem::path& file) {
  std::error_code missing;
  const auto written = std::filesystem::last_write_time(index, missing);
  if (missing) return false;
  const auto changed = std::filesystem::last_write_time(file, missing);
  return !missing && written >= changed;
}

}  // namespace

std::vector<std::uint64_t> parse_line_index(std::string_view text, std::uint64_t file_bytes, std::string_view name) {
  std::vector<std::uint64_t> starts;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    std::uint64_t start = 0;
    const auto [next, error] = std::from_chars(at, end, start);
    const bool in_order = starts.empty() ? start == 0 : start > starts.back();
    if (error != std::errc{} || !in_order || start >= file_bytes || (next != end && *next != '\n')) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: line {}: not the start of a row; expected an index without mistakes, or none", name,
                              starts.size() + 1));
    }
    starts.push_back(start);
    at = next == end ? end : next + 1;
  }
  if (starts.empty() && file_bytes > 0) throw Error(Code::kBadFile, fmt::format("{}: empty", name));
  return starts;
}

TsvFile::TsvFile(const std::filesystem::path& path) : file_(path) {
  std::filesystem::path index = path;
  index.replace_extension(".lineidx");
  if (usable(index, path)) {
    const base::MappedFile mapped(index);
    starts_ = parse_line_index(text_of(mapped), file_.bytes().size(), index.string());
  } else {
    scan();
  }
  if (starts_.size() > kMaxRows) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} rows, the limit is {}", path.string(), starts_.size(), kMaxRows));
  }
}

void TsvFile::scan() {
  const std::string_view text = text_of(file_);
  std::size_t released = 0;
  for (std::size_t at = 0; at < text.size();) {
    starts_.push_back(at);
    const void* end = std::memchr(text.data() + at, '\n', text.size() - at);
    at = end == nullptr ? text.size() : static_cast<std::size_t>(static_cast<const char*>(end) - text.data()) + 1;
    if (at - released >= kReleaseEvery) {
      file_.release(released, at - released);
      released = at;
    }
  }
  file_.release(released, text.size() - released);
  file_.check();
}

std::size_t TsvFile::end_of(std::size_t index) const noexcept {
  return index + 1 < starts_.size() ? static_cast<std::size_t>(starts_[index + 1]) : file_.bytes().size();
}

std::string_view TsvFile::row(std::size_t index) const {
  file_.check();
  const std::string_view text = text_of(file_);
  const auto start = static_cast<std::size_t>(starts_[index]);
  if (start > 0 && text[start - 1] != '\n') {
    throw Error(Code::kBadFile,
                fmt::format("{}: row {} does not start where its line index says", path().string(), index + 1));
  }
  std::string_view row = text.substr(start, end_of(index) - start);
  if (row.ends_with('\n')) row.remove_suffix(1);
  if (row.ends_with('\r')) row.remove_suffix(1);
  return row;
}

void TsvFile::release(std::size_t index) const noexcept {
  const auto start = static_cast<std::size_t>(starts_[index]);
  file_.release(start, end_of(index) - start);
}

}  // namespace mi2::dataset
