#include "image/readers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {

void check_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name) {
  check_part_size(width, height, options, name);
  if (options.claim) options.claim(width * height);
}

void check_part_size(std::uint64_t width, std::uint64_t height, const DecodeOptions& options, std::string_view name) {
  constexpr std::uint64_t kMaxSide = 0x7FFFFFFF;
  if (width == 0 || height == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: an image of {} x {} pixels", name, width, height));
  }
  if (width > kMaxSide || height > kMaxSide || width * height > options.max_pixels) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: {} x {} pixels, the limit is {}", name, width, height, options.max_pixels));
  }
}

void check_plausible(std::uint64_t units, std::size_t bytes, std::uint64_t most, std::string_view name) {
  // Headers of a few dozen bytes count as data here: too little to matter.
  if (units / most <= bytes) return;
  throw Error(Code::kBadFile, fmt::format("{}: truncated or corrupt: {} bytes cannot hold such an image", name, bytes));
}

std::string library_text(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  constexpr std::size_t kDigits = 6;
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kLongest;) {
    std::size_t digits = 0;
    while (i + digits < text.size() && text[i + digits] >= '0' && text[i + digits] <= '9') ++digits;
    if (digits > kDigits) {
      out += "(a large number)";
    } else if (digits > 0) {
      out += text.substr(i, digits);
    } else {
      out += text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    }
    i += std::max<std::size_t>(digits, 1);
  }
  return out;
}

}  // namespace mi2::image
