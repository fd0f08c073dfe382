#include <array>
#include <cstddef>

#include <mi2/error.hpp>

namespace mi2 {
namespace {

constexpr std::array<CodeInfo, 7> kCodes{{
    {Code::kBadArgument, "bad_argument", 2, 400},
    {Code::kBadFile, "bad_file", 3, 422},
    {Code::kUnsupported, "unsupported", 4, 415},
    {Code::kTooLarge, "too_large", 5, 413},
    {Code::kOverloaded, "overloaded", 6, 429},
    {Code::kNotFound, "not_found", 7, 404},
    {Code::kInternal, "internal", 70, 500},
}};

}  // namespace

const CodeInfo& info(Code code) noexcept {
  for (const CodeInfo& row : kCodes) {
    if (row.code == code) return row;
  }
  return kCodes.back();
}

}  // namespace mi2
