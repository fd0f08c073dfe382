#pragma once
// What the system says of this process.

#include <cstdint>

namespace mi2 {

/// Resident memory in bytes, as Linux counts it; zeros where /proc is not to be had.
struct ResidentMemory {
  std::uint64_t now = 0;
  std::uint64_t peak = 0;
};
ResidentMemory resident_memory();

}  // namespace mi2
