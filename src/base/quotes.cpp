#include "base/quotes.hpp"

#include <cstddef>

namespace mi2::base {
namespace {

constexpr std::size_t kShownBytes = 120;

}  // namespace

std::string in_quotes(std::string_view name) {
  std::string shown = "'";
  for (const char c : name.substr(0, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  if (name.size() > kShownBytes) shown += "...";
  return shown += '\'';
}

}  // namespace mi2::base
