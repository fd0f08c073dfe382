#include "dicomweb/multipart.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/header_parameter.hpp"
#include "base/table.hpp"

namespace mi2::dicomweb {
namespace {

constexpr std::size_t kMostHeader = 16384;
constexpr std::size_t kMostPreamble = 65536;
constexpr std::size_t kMostParts = 1U << 20U;
constexpr std::size_t kMostLine = 256;  ///< what may follow a boundary on its line
/// By what follows it, a boundary is told from bytes of a part that look like one.
constexpr std::size_t kAhead = 2;

[[noreturn]] void refuse(std::string_view what) { throw Error(Code::kBadFile, fmt::format("multipart: {}", what)); }

std::string boundary_of(std::string_view content_type) {
  constexpr std::size_t kLongest = 70;  // RFC 2046, 5.1.1
  std::optional<std::string> boundary;
  try {
    boundary = base::header_parameter(content_type, "boundary", "content-type");
  } catch (const Error& error) {
    throw Error(Code::kBadFile, error.what());
  }
  if (!boundary || boundary->empty() || boundary->size() > kLongest) {
    throw Error(Code::kBadFile, "content-type: expected multipart/related; boundary=..");
  }
  return *boundary;
}

bool ends_boundary(std::string_view behind) {
  return behind.empty() || behind.starts_with("--") ||
         std::string_view("\r\n \t").find(behind.front()) != std::string_view::npos;
}

/// Whether what follows a boundary, of which less than kAhead has come, may be the beginning of the end of its line.
bool begins_end(std::string_view behind) { return behind == "-" || ends_boundary(behind); }

}  // namespace

// As if a line had ended before the body: the first boundary need not have one before it.
MultipartReader::MultipartReader(std::string_view content_type, Parts& parts)
    : parts_(parts), delimiter_("\n--" + boundary_of(content_type)), held_("\n") {}

void MultipartReader::put(std::string_view piece) {
  held_ += piece;
  while (step()) {
  }
}

void MultipartReader::finish(bool counted) {
  switch (state_) {
    case State::kPreamble:
      refuse("the boundary that the content type names is not in the body");
    case State::kHeader:
      refuse("it ends in the header of a part");
    case State::kCounted:
      refuse("it ends in a part");
    case State::kBody: {
      // A boundary that nothing follows is the last one.
      const std::size_t at = held_.rfind(delimiter_);
      const bool bounded = at != std::string::npos && held_.size() - at < delimiter_.size() + kAhead &&
                           begins_end(std::string_view(held_).substr(at + delimiter_.size()));
      if (!bounded && !counted) refuse("it ends in a part");
      std::size_t end = bounded ? at : held_.size();
      // A line end belongs to the boundary behind it (RFC 2046, 5.1.1). Where none is, only a length that no object
      // has, an odd one, says that a line feed is none of the part's.
      const bool odd = (part_ + held_.size() - (sentinel_ ? 1 : 0)) % 2 == 1;
      if (!bounded && bare_ && odd && held_.ends_with('\n')) --end;
      if (bounded && !bare_ && end > 0 && held_[end - 1] == '\r') --end;
      emit(end);
      parts_.end();
      break;
    }
    case State::kBoundaryLine:
    case State::kAfterCounted:
    case State::kDone:
      break;
  }
  state_ = State::kDone;
  held_.clear();
}

bool MultipartReader::step() {
  switch (state_) {
    case State::kPreamble:
      return find_first();
    case State::kBoundaryLine:
      return read_boundary_line();
    case State::kHeader:
      return read_header_line();
    case State::kBody:
      return read_body();
    case State::kCounted:
      return read_counted();
    case State::kAfterCounted:
      return read_after_counted();
    case State::kDone:
      break;
  }
  held_.clear();
  return false;
}

bool MultipartReader::find_first() {
  const std::size_t at = held_.find(delimiter_);
  const bool found = at != std::string::npos;
  const std::size_t before = found ? at : held_.size() - std::min(held_.size(), delimiter_.size());
  passed_ += before;
  if (passed_ > kMostPreamble) refuse("no boundary in its first 64 KiB");
  drop(before);
  if (!found) return false;
  drop(delimiter_.size());
  state_ = State::kBoundaryLine;
  return true;
}

bool MultipartReader::read_boundary_line() {
  if (held_.starts_with("--")) {
    state_ = State::kDone;
    return true;
  }
  const std::size_t end = held_.find('\n');
  if (std::min(end, held_.size()) > kMostLine) refuse("the line of a boundary does not end");
  if (end == std::string::npos) return false;
  const std::string_view line = std::string_view(held_).substr(0, end);
  if (!base::without_blanks(line, " \t\r").empty()) refuse("there is more on the line of a boundary");
  bare_ = !line.ends_with('\r');
  drop(end + 1);
  if (++count_ > kMostParts) throw Error(Code::kTooLarge, fmt::format("multipart: more than {} parts", kMostParts));
  passed_ = 0;
  length_.reset();
  state_ = State::kHeader;
  return true;
}

bool MultipartReader::read_header_line() {
  const std::size_t end = held_.find('\n');
  if (passed_ + std::min(end, held_.size()) > kMostHeader) refuse("the header of a part does not end");
  if (end == std::string::npos) return false;
  const std::string line(base::without_blanks(std::string_view(held_).substr(0, end), " \t\r"));
  drop(end + 1);
  passed_ += end + 1;
  if (!line.empty()) {
    read_field(line);
    return true;
  }
  part_ = 0;
  parts_.begin();
  if (length_) {
    state_ = State::kCounted;
    return true;
  }
  // The line end before the boundary may be the one after the header: of a part of no bytes.
  held_.insert(0, 1, '\n');
  sentinel_ = true;
  state_ = State::kBody;
  return true;
}

void MultipartReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string field = base::lower_ascii(base::without_blanks(line.substr(0, colon)));
  const std::string_view value = base::without_blanks(line.substr(colon + 1));
  if (field == "content-length") {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 50U;
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || end != value.data() + value.size() || length > kMost) {
      refuse("the Content-Length of a part is no length");
    }
    length_ = length;
  }
  const std::string coding = base::lower_ascii(value);
  if (field == "content-transfer-encoding" && coding != "binary" && coding != "8bit" && coding != "7bit") {
    refuse("Content-Transfer-Encoding of a part: expected binary");
  }
}

bool MultipartReader::read_body() {
  for (std::size_t at = held_.find(delimiter_); at != std::string::npos; at = held_.find(delimiter_, at + 1)) {
    const std::string_view behind = std::string_view(held_).substr(at + delimiter_.size());
    if (behind.size() < kAhead) break;
    if (!ends_boundary(behind)) continue;
    const std::size_t end = !bare_ && at > 0 && held_[at - 1] == '\r' ? at - 1 : at;
    const std::size_t rest = at + delimiter_.size() - end;
    emit(end);
    drop(rest);
    sentinel_ = false;
    parts_.end();
    state_ = State::kBoundaryLine;
    return true;
  }
  const std::size_t keep = delimiter_.size() + kAhead + 1;
  if (held_.size() > keep) emit(held_.size() - keep);
  return false;
}

bool MultipartReader::read_counted() {
  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(*length_, held_.size()));
  emit(count);
  *length_ -= count;
  if (*length_ > 0) return false;
  parts_.end();
  passed_ = 0;
  state_ = State::kAfterCounted;
  return true;
}

bool MultipartReader::read_after_counted() {
  constexpr std::size_t kMostBlank = 4;
  const std::string_view marker = std::string_view(delimiter_).substr(1);
  while (!held_.empty() && (held_.front() == '\r' || held_.front() == '\n') && passed_ < kMostBlank) {
    drop(1);
    ++passed_;
  }
  const std::size_t seen = std::min(held_.size(), marker.size());
  if (held_.compare(0, seen, marker.substr(0, seen)) != 0) refuse("a part is longer than its Content-Length");
  if (held_.size() < marker.size()) return false;
  drop(marker.size());
  state_ = State::kBoundaryLine;
  return true;
}

void MultipartReader::emit(std::size_t count) {
  if (count == 0) return;
  std::string_view piece = std::string_view(held_).substr(0, count);
  if (sentinel_) piece.remove_prefix(1);
  sentinel_ = false;
  part_ += piece.size();
  if (!piece.empty()) parts_.data(piece);
  drop(count);
}

}  // namespace mi2::dicomweb
