#include "export/templates.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::exporting {
namespace {

/// A line with its values; `names` counts them.
std::string filled_line(const Template& file, std::string_view line, const Values& values, int& names) {
  std::string out;
  while (true) {
    const std::size_t open = line.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : line.find("}}", open);
    if (close == std::string_view::npos) return out.append(line);
    const std::string_view name = line.substr(open + 2, close - open - 2);
    const auto value = values.find(name);
    if (value == values.end()) throw Error(Code::kInternal, fmt::format("{}: no value for {}", file.path, name));
    out.append(line.substr(0, open)).append(value->second);
    line.remove_prefix(close + 2);
    ++names;
  }
}

}  // namespace

std::string filled(const Template& file, const Values& values) {
  std::string out;
  std::string_view rest = file.text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    int names = 0;
    const std::string line = filled_line(file, rest.substr(0, end), values, names);
    if (names == 0 || line != "\n") out += line;
    rest.remove_prefix(end);
  }
  return out;
}

}  // namespace mi2::exporting
