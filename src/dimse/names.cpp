#include "dimse/names.hpp"

#include <fmt/format.h>

namespace mi2::dimse {

std::string encoded(std::string_view title) {
  std::string text;
  for (const char c : title) {
    const bool stays = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
    if (stays) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return text;
}

}  // namespace mi2::dimse
