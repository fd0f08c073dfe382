#include "dicom/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/utf8.hpp"

namespace mi2::dicom {

std::string checked_title(std::string_view title, std::string_view what) {
  constexpr std::size_t kLongest = 16;
  const std::string_view text = base::without_blanks(title, " ");
  const bool fit = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
  if (text.empty() || text.size() > kLongest || !fit) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected 1 to {} printable ASCII characters without a backslash, got '{}'", what,
                            kLongest, base::printable(title)));
  }
  return std::string(text);
}

bool is_uid(std::string_view text, std::size_t longest) noexcept {
  return !text.empty() && text.size() <= longest && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos;
}

}  // namespace mi2::dicom
