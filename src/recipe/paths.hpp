#pragma once
// What the path of a dataset's file says, folders divided by '/'.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace mi2::recipe {

/// How many folders a file is in.
inline std::ptrdiff_t depth_of(std::string_view path) { return std::ranges::count(path, '/'); }

inline std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// A file's name without its ending.
inline std::string_view file_stem(std::string_view path) {
  path = file_name(path);
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? path : path.substr(0, dot);
}

/// Whether `path` is `end`, or ends in it behind a '/'.
inline bool ends_in(std::string_view path, std::string_view end) {
  return path.ends_with(end) && (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

}  // namespace mi2::recipe
