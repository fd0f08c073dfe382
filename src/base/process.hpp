#pragma once
// What the system says of this process.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mi2::base {

/// Resident memory in bytes, as Linux counts it; zeros where /proc is not to be had.
struct ResidentMemory {
  std::uint64_t now = 0;
  std::uint64_t peak = 0;
};
ResidentMemory resident_memory();

/// The folder that the program's file is in, of whatever name it was called by; empty where /proc is not to be had.
std::filesystem::path program_folder();

/// The environment's variable `name` as a count, from 1 to a million; nothing if it is not set or is not such a number.
std::optional<unsigned> count_from_environment(const char* name);

}  // namespace mi2::base
