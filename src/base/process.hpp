#pragma once
// What the system says of this process.

#include <cstdint>
#include <optional>

namespace mi2::base {

/// Resident memory in bytes, as Linux counts it; zeros where /proc is not to be had.
struct ResidentMemory {
  std::uint64_t now = 0;
  std::uint64_t peak = 0;
};
ResidentMemory resident_memory();

/// The environment's variable `name` as a count, from 1 to a million; nothing if it is not set or is not such a number.
std::optional<unsigned> count_from_environment(const char* name);

}  // namespace mi2::base
