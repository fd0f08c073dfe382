#include "base/checked.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {

std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} x {} does not fit 64 bits", what, a, b));
  }
  return result;
}

std::uint64_t checked_add(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} + {} does not fit 64 bits", what, a, b));
  }
  return result;
}

}  // namespace mi2::base
