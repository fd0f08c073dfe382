#include "protocols/multipart.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/header_parameter.hpp"
#include "base/table.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

[[noreturn]] void refuse_body(std::string_view what) { throw Error(Code::kBadArgument, fmt::format("body: {}", what)); }

/// Reads a part's header. @returns the field's name.
std::optional<std::string> read_header(std::string_view header, std::size_t number) {
  std::optional<std::string> name;
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find(kLineEnd));
    header.remove_prefix(std::min(line.size() + kLineEnd.size(), header.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string field = base::lower_ascii(line.substr(0, colon));
    const std::string_view value = base::without_blanks(line.substr(std::min(colon + 1, line.size())));
    if (field == "content-disposition") name = base::header_parameter(value, "name", "body: a part's header");
    const std::string coding = base::lower_ascii(value);
    if (field == "content-transfer-encoding" && coding != "binary" && coding != "8bit" && coding != "7bit") {
      refuse_body(fmt::format("part {}: content-transfer-encoding: expected binary", number));
    }
  }
  return name;
}

std::string boundary_of(std::string_view content_type, std::string_view kind) {
  constexpr std::size_t kLongest = 70;  // RFC 2046, 5.1.1
  const std::optional<std::string> boundary = base::header_parameter(content_type, "boundary", "content-type");
  if (!boundary || boundary->empty() || boundary->size() > kLongest) {
    throw Error(Code::kBadArgument, fmt::format("content-type: expected {}; boundary=..", kind));
  }
  return *boundary;
}

constexpr std::string_view kForm = "multipart/form-data";
constexpr std::string_view kRelated = "multipart/related";

/// @param boundary  as the content type names it.  @param named  whether each part must be called something.
std::vector<Part> parse_parts(std::string_view body, const std::string& boundary, std::size_t most, bool named) {
  constexpr std::size_t kMostHeader = 8192;
  constexpr std::string_view kHeaderEnd = "\r\n\r\n";
  const std::string delimiter = "\r\n--" + boundary;
  std::vector<Part> parts;
  // The first delimiter may have no line before it.
  std::string_view rest = body;
  if (rest.starts_with(std::string_view(delimiter).substr(kLineEnd.size()))) {
    rest.remove_prefix(delimiter.size() - kLineEnd.size());
  } else {
    const std::size_t first = rest.find(delimiter);
    if (first == std::string_view::npos) refuse_body("does not hold the boundary that its content type names");
    rest.remove_prefix(first + delimiter.size());
  }
  for (;;) {
    if (rest.starts_with("--")) return parts;
    const std::size_t line = rest.find(kLineEnd);
    if (line == std::string_view::npos || !base::without_blanks(rest.substr(0, line)).empty())
      refuse_body("ends before its last boundary");
    rest.remove_prefix(line);
    const std::size_t number = parts.size() + 1;
    if (number > most) throw Error(Code::kTooLarge, fmt::format("body: more than {} parts", most));
    const std::size_t header = rest.substr(0, kMostHeader).find(kHeaderEnd);
    if (header == std::string_view::npos) refuse_body(fmt::format("part {}: its header does not end", number));
    const std::optional<std::string> name = read_header(rest.substr(0, header), number);
    if (named && !name) {
      refuse_body(fmt::format("part {}: content-disposition: expected form-data with a name", number));
    }
    rest.remove_prefix(header + kLineEnd.size());
    // The empty line after the header may be the one before the next boundary: an empty part.
    const std::size_t end = rest.find(delimiter);
    if (end == std::string_view::npos) refuse_body("ends before its last boundary");
    parts.push_back({named ? *name : std::string(),
                     std::string(end < kLineEnd.size() ? std::string_view()
                                                       : rest.substr(kLineEnd.size(), end - kLineEnd.size()))});
    rest.remove_prefix(end + delimiter.size());
  }
}

}  // namespace

bool is_multipart(std::string_view media_type) { return media_type == kForm; }

std::vector<Part> parse_multipart(std::string_view body, std::string_view content_type, std::size_t most) {
  return parse_parts(body, boundary_of(content_type, kForm), most, true);
}

std::vector<Part> parse_related(std::string_view body, std::string_view content_type, std::string_view type,
                                std::size_t most) {
  const std::string media = base::lower_ascii(base::without_blanks(content_type.substr(0, content_type.find(';'))));
  const std::optional<std::string> of = base::header_parameter(content_type, "type", "content-type");
  if (media != kRelated || !of || base::lower_ascii(*of) != type) {
    throw Error(Code::kUnsupported, fmt::format("content-type: expected {}; type=\"{}\"; boundary=..", kRelated, type));
  }
  return parse_parts(body, boundary_of(content_type, kRelated), most, false);
}

}  // namespace mi2::protocols
