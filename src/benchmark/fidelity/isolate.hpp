#pragma once
// Work in a child process, whose memory is its own.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace mi2::fidelity {

/// Tells the parent that some units of work are done.
using Tick = std::function<void(std::size_t units)>;

/// Forks, runs `work` in the child and returns what it returned. The child sees this process's memory as it is now and
/// ends with the parent. The calling process must have no other thread: theirs do not exist in the child.
/// @param name     what errors call the work.
/// @param on_tick  called here with what the child told, and about twice a second with 0; if it throws, the child is
///                 ended and the exception goes on.
/// @throws Error as `work` throws it; {kTooLarge} for std::bad_alloc, or a child ended by SIGKILL, as the system does
///         when memory runs out; {kInternal} for any other end.
std::string run_isolated(std::string_view name, const std::function<std::string(const Tick& tick)>& work,
                         const Tick& on_tick);

}  // namespace mi2::fidelity
