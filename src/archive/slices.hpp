#pragma once
// Which slices of a series are embedded: what is embedded costs more than all that comes after.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::archive {

struct Slices {
  enum class Kind : std::uint8_t {
    kAll,
    kMax,     ///< `value` of them, evenly spread; all if there are fewer
    kEvery,   ///< the first, and each `value`-th after it
    kCenter,  ///< `value` of them around the one in the middle, as FrameSelection has it; all if there are fewer
  };
  Kind kind = Kind::kAll;
  std::uint64_t value = 0;

  friend bool operator==(const Slices&, const Slices&) = default;
};

/// "all", "max:N", "every:N" or "center:N".
std::string to_string(const Slices& slices);
/// @throws Error{kBadArgument}.
Slices parse_slices(std::string_view text);

/// Places from 0, ascending, of `count` slices in order.
std::vector<std::uint64_t> chosen(const Slices& slices, std::uint64_t count);

}  // namespace mi2::archive
