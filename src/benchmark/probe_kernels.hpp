#pragma once
// Loops that do nothing but one kind of arithmetic, in registers.

#include <cstdint>
#include <span>
#include <string_view>

namespace mi2::benchmark {

struct ProbeKernel {
  std::string_view name;
  std::string_view dtype;
  double flop_per_round;
  /// @returns a number that depends on every sum, so that no compiler leaves one out.
  float (*run)(std::int64_t rounds);
  bool (*supported)();
};

/// All that this build has, for this processor or not.
std::span<const ProbeKernel> probe_kernels();

#if defined(__x86_64__)
/// AMX tiles; probe_amx.cpp.
bool has_amx_bf16();
bool has_amx_int8();
float amx_bf16_dot(std::int64_t rounds);
float amx_int8_dot(std::int64_t rounds);
inline constexpr std::int64_t kAmxTiles = 6;  ///< tile products of a round
#endif

}  // namespace mi2::benchmark
