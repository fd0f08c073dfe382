#include "base/long_strings.hpp"

#include <algorithm>
#include <cstdint>

namespace mi2::base {
namespace {

/// Shorter ones are not worth the trouble.
constexpr std::size_t kLong = 256;

/// Whether a string of these characters is what they say: no escapes, nothing that is not allowed, no UTF-8 to check.
bool is_plain(std::string_view content) noexcept {
  std::uint8_t odd = 0;
  for (const char c : content) {
    const auto byte = static_cast<std::uint8_t>(c);
    odd |= static_cast<std::uint8_t>((byte < 0x20) | (byte >= 0x80) | (byte == '\\'));
  }
  return odd == 0;
}

/// Where the string that starts at `first` ends, or the end of the text.
std::size_t closing_quote(std::string_view text, std::size_t first) noexcept {
  std::size_t quote = std::min(text.find('"', first), text.size());
  // A quote after an odd number of backslashes is part of the string.
  for (;;) {
    std::size_t slashes = 0;
    while (quote - slashes > first && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0 || quote == text.size()) return quote;
    quote = std::min(text.find('"', quote + 1), text.size());
  }
}

bool is_key(std::string_view text, std::size_t after) noexcept {
  const std::size_t next = text.find_first_not_of(" \t\r\n", after);
  return next != std::string_view::npos && text[next] == ':';
}

}  // namespace

LongStrings::LongStrings(std::string_view text) : text_(text) {
  std::size_t copied = 0;
  std::size_t number = 0;
  for (std::size_t open = text.find('"'); open != std::string_view::npos; ++number) {
    const std::size_t close = closing_quote(text, open + 1);
    if (close == text.size()) break;
    const std::string_view content = text.substr(open + 1, close - open - 1);
    if (content.size() >= kLong && is_plain(content) && !is_key(text, close + 1)) {
      shortened_ += text.substr(copied, open + 1 - copied);
      copied = close;
      cuts_.push_back({number, content});
    }
    open = text.find('"', close + 1);
  }
  if (!cuts_.empty()) shortened_ += text.substr(copied);
}

void LongStrings::restore(nlohmann::json::parse_event_t event, nlohmann::json& value) {
  using Event = nlohmann::json::parse_event_t;
  if (event != Event::key && !(event == Event::value && value.is_string())) return;
  const std::size_t number = string_++;
  if (cut_ == cuts_.size() || cuts_[cut_].number != number) return;
  value.get_ref<std::string&>() = cuts_[cut_++].content;
}

}  // namespace mi2::base
