#pragma once
// Whole numbers in files, in little-endian order whatever the machine's.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mi2::base {

template <typename Number>
void append_little_endian(std::string& text, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) text += static_cast<char>(number >> (8 * i) & 0xFF);
}

/// @param at  of the first byte; the caller has seen that all are there.
template <typename Number>
Number read_little_endian(std::span<const std::byte> bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<Number>(std::to_integer<Number>(bytes[at + i]) << (8 * i));
  }
  return number;
}

}  // namespace mi2::base
