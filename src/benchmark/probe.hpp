#pragma once
// What this machine can do at most: arithmetic by instruction, and memory bandwidth. Measured, as clocks under load and
// virtual machines make figures computed from data sheets wrong.

#include <string>
#include <vector>

#include "base/progress.hpp"

namespace mi2::benchmark {

/// One thread, and every thread at once.
struct PeakRates {
  double one = 0;
  double all = 0;
};

struct ComputePeak {
  std::string name;    ///< "fma avx512", "dot amx"
  std::string dtype;   ///< what is multiplied: "f32", "bf16", "int8"
  PeakRates gflops{};  ///< 1e9 multiplications and additions a second
};

struct MachinePeak {
  std::string cpu;
  unsigned threads = 0;  ///< of PeakRates::all
  std::vector<ComputePeak> compute;
  PeakRates read{};   ///< 1e9 bytes per second
  PeakRates triad{};  ///< a[i] = b[i] + s * c[i]: 1e9 bytes of the three arrays a second
};

/// Takes a few seconds and up to 3 GB, more where the cache is large.
/// @param threads  0: one per available core.
/// @param progress  called between measurements, whose times it is no part of.
/// @throws Error{kTooLarge} if there is not enough memory.
MachinePeak probe_machine(unsigned threads, const base::OnProgress& progress = {});

std::string to_json(const MachinePeak& peak);
std::string to_text(const MachinePeak& peak);

}  // namespace mi2::benchmark
