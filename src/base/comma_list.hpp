#pragma once
// Lists with commas, or another character, between.

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace mi2::base {

/// "a,,b" is a, nothing and b; an empty list has one empty part. The parts are of `list`.
inline std::vector<std::string_view> comma_parts(std::string_view list, char between = ',') {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(between, begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace mi2::base
