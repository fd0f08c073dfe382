#include "adapter/short_label.hpp"

namespace mi2::adapter {

std::string short_label(std::string_view label) {
  constexpr std::size_t kMost = 28;
  if (label.size() <= kMost) return std::string(label);
  std::size_t end = kMost - 2;
  while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0U) == 0x80U) --end;
  return std::string(label.substr(0, end)) + "..";
}

}  // namespace mi2::adapter
