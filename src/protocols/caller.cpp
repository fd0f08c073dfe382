#include "protocols/caller.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mi2::protocols {

std::string to_text(const Caller& caller) {
  if (caller.user.empty()) return caller.key;
  std::string text = '\n' + caller.user;
  for (const std::string& group : caller.groups) text += '\n' + group;
  return text;
}

Caller parse_caller(std::string_view text) {
  Caller caller;
  if (!is_user(text)) {
    caller.key = text;
    return caller;
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string name(text.substr(0, end));
    text.remove_prefix(end);
    if (caller.user.empty()) {
      caller.user = std::move(name);
    } else {
      caller.groups.push_back(std::move(name));
    }
  }
  return caller;
}

bool is_caller_name(std::string_view text) noexcept {
  constexpr std::size_t kLongest = 256;
  return !text.empty() && text.size() <= kLongest && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool is_sha256(std::string_view text) noexcept {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace mi2::protocols
