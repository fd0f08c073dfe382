#pragma once
// The benchmark as a service: a model loaded once, then requests and answers, a line of JSON each. Races need it: their
// contenders take turns, and loading a model for each turn would take longer than the turn.

#include <memory>
#include <string>
#include <string_view>

#include "benchmark/benchmark.hpp"

#include <mi2/error.hpp>

namespace mi2::benchmark {

/// Requests (docs/cli.md has the fields of the answers):
/// - `{"op": "time", "kind": "image", "batch": 4}`: one pass over made-up pixels; `"profile": true` adds its parts;
/// - `{"op": "time", "kind": "text", "batch": 4, "tokens": 77}`: the same over made-up texts;
/// - `"file": "x.safetensors"` in place of `batch`: a tensor "pixels", F32 [B, H, W, 3], normalised;
/// - `"ids": [[49406, .., 49407], ..]` in place of `batch` and `tokens`;
/// - `"op": "embed"` with the same inputs: the vectors.
class BenchServer {
 public:
  /// Loads the model. @throws as run_benchmark; `options.batch`, `rounds` and `tokens` are not used.
  explicit BenchServer(const BenchmarkOptions& options);
  BenchServer(BenchServer&&) noexcept;
  ~BenchServer();

  /// The first line: what was loaded.
  [[nodiscard]] std::string greeting() const;

  /// @returns the answer, one line without its end.
  /// @throws Error{kBadArgument} naming the field at fault; {kNotFound}, {kBadFile} for the file.
  std::string answer(std::string_view request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// An error as an answer: `{"error": {"code": "bad_argument", "message": ".."}}`.
std::string error_answer(const Error& error);

}  // namespace mi2::benchmark
