#pragma once
// Times a model on this machine: image and text latency, and where the time goes.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <mi2/device.hpp>
#include <mi2/dtype.hpp>

#include "base/progress.hpp"

namespace mi2::benchmark {

struct BenchmarkOptions {
  std::optional<std::filesystem::path>
      model;                   ///< directory or packed file; without one, made-up weights of the full model
  std::optional<DType> dtype;  ///< none: what a packed file holds, else f32
  Device device;               ///< one other than the CPU has no profile
  unsigned threads = 0;        ///< 0: one per available core
  int batch = 1;               ///< images, and texts, of one forward pass
  int rounds = 5;              ///< timed passes after one that is not
  int tokens = 16;             ///< length of a text, start and end included
};

/// Seconds of the timed passes.
struct Timing {
  double median = 0;
  double fastest = 0;
  double slowest = 0;
  double per_second = 0;  ///< images or texts, at the median
  double gflops = 0;      ///< useful arithmetic at the median, 1e9 a second
};

/// A row of the profile, per pass.
struct TimedPart {
  std::string segment;  ///< "stage2"
  std::string op;       ///< empty for the segment as a whole
  double seconds = 0;
  double share = 0;   ///< of the pass
  double gflops = 0;  ///< 0 where arithmetic is not what the op is about
  double calls = 0;
};

struct BenchmarkReport {
  std::string cpu;
  std::string engine;
  std::string dtype;
  std::string model;
  unsigned threads = 0;  ///< of our own engine; 0 on another device
  int batch = 0;
  int rounds = 0;
  int tokens = 0;
  double load_seconds = 0;
  double resident_bytes = 0;  ///< after loading, before the first pass
  double peak_bytes = 0;      ///< of the process, at the end
  Timing image;
  Timing text;
  std::vector<TimedPart> image_parts;
  std::vector<TimedPart> text_parts;
};

/// @throws Error{kBadArgument} for numbers out of range; what Embedder::open throws for a model directory.
/// A pass whose vectors are not of length one is Error{kInternal}: a time for wrong numbers is worth nothing.
/// @param progress  called between passes, whose times it is no part of: "image passes", then "text passes".
BenchmarkReport run_benchmark(const BenchmarkOptions& options, const base::OnProgress& progress = {});

/// The report for machines, and for people.
std::string to_json(const BenchmarkReport& report);
std::string to_text(const BenchmarkReport& report);

}  // namespace mi2::benchmark
