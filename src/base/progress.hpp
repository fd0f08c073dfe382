#pragma once
// How far a long task is: the one form in which every task of the library reports it. Tasks are stopped by a
// std::stop_token.

#include <cstdint>
#include <functional>
#include <string_view>

namespace mi2::base {

struct Progress {
  std::string_view stage;   ///< what is being done, for people: "packing"; valid for the call
  std::uint64_t done = 0;   ///< of `total`
  std::uint64_t total = 0;  ///< 0: unknown
};

/// Called from the thread that runs the task. What it throws ends the task, which cleans up behind itself, and leaves
/// it: the commands stop so on Ctrl-C.
using OnProgress = std::function<void(const Progress& progress)>;

}  // namespace mi2::base
