#include "base/header_parameter.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"

namespace mi2::base {
namespace {

/// A token, or a quoted text without its quotes and backslashes; what was read leaves `rest`.
std::string take_value(std::string_view& rest, std::string_view where) {
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
  throw Error(Code::kBadArgument, fmt::format("{}: a quote is not closed", where));
}

}  // namespace

std::optional<std::string> header_parameter(std::string_view header, std::string_view wanted, std::string_view where) {
  std::string_view rest = header.substr(std::min(header.find(';'), header.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);
    rest = without_blanks(rest);
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = lower_ascii(without_blanks(rest.substr(0, equals)));
    rest = without_blanks(rest.substr(equals + 1));
    std::string value = take_value(rest, where);
    if (name == wanted) return value;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return std::nullopt;
}

}  // namespace mi2::base
