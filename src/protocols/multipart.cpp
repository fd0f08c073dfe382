#include "protocols/multipart.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"

namespace mi2::protocols {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

[[noreturn]] void refuse_body(std::string_view what) { throw Error(Code::kBadArgument, fmt::format("body: {}", what)); }

/// A token, or a quoted text without its quotes and backslashes; what was read leaves `rest`.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    value = rest.substr(0, rest.find_first_of("; \t"));
    rest.remove_prefix(value.size());
    return value;
  }
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  refuse_body("a quote is not closed in a part's header");
}

/// The value of a parameter of "form-data; name=..; filename=..".
std::optional<std::string> parameter(std::string_view header, std::string_view wanted) {
  std::string_view rest = header.substr(std::min(header.find(';'), header.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    rest = base::without_blanks(rest);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = base::lower_ascii(base::without_blanks(rest.substr(0, equals)));
    rest = base::without_blanks(rest.substr(equals + 1));
    std::string value = take_value(rest);
    if (name == wanted) return value;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return std::nullopt;
}

/// Reads a part's header. @returns the field's name.
std::string read_header(std::string_view header, std::size_t number) {
  std::optional<std::string> name;
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find(kLineEnd));
    header.remove_prefix(std::min(line.size() + kLineEnd.size(), header.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string field = base::lower_ascii(line.substr(0, colon));
    const std::string_view value = base::without_blanks(line.substr(std::min(colon + 1, line.size())));
    if (field == "content-disposition") name = parameter(value, "name");
    const std::string coding = base::lower_ascii(value);
    if (field == "content-transfer-encoding" && coding != "binary" && coding != "8bit" && coding != "7bit") {
      refuse_body(fmt::format("part {}: content-transfer-encoding: expected binary", number));
    }
  }
  if (!name) refuse_body(fmt::format("part {}: content-disposition: expected form-data with a name", number));
  return *name;
}

std::string boundary_of(std::string_view content_type) {
  constexpr std::size_t kLongest = 70;  // RFC 2046, 5.1.1
  const std::optional<std::string> boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kLongest) {
    throw Error(Code::kBadArgument, "content-type: expected multipart/form-data; boundary=..");
  }
  return *boundary;
}

}  // namespace

bool is_multipart(std::string_view media_type) { return media_type == "multipart/form-data"; }

std::vector<Part> parse_multipart(std::string_view body, std::string_view content_type, std::size_t most) {
  constexpr std::size_t kMostHeader = 8192;
  constexpr std::string_view kHeaderEnd = "\r\n\r\n";
  const std::string delimiter = "\r\n--" + boundary_of(content_type);
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
    const std::string name = read_header(rest.substr(0, header), number);
    rest.remove_prefix(header + kLineEnd.size());
    // The empty line after the header may be the one before the next boundary: an empty part.
    const std::size_t end = rest.find(delimiter);
    if (end == std::string_view::npos) refuse_body("ends before its last boundary");
    parts.push_back({name, std::string(end < kLineEnd.size() ? std::string_view()
                                                             : rest.substr(kLineEnd.size(), end - kLineEnd.size()))});
    rest.remove_prefix(end + delimiter.size());
  }
}

}  // namespace mi2::protocols
