#pragma once
// Work in a child process, whose memory is its own.

#include <functional>
#include <string>
#include <string_view>

#include "base/progress.hpp"

namespace mi2::fidelity {

/// What the child does; its progress is reported in the parent.
using IsolatedWork = std::function<std::string(const base::OnProgress& on_progress)>;

/// Forks, runs `work` in the child and returns what it returned. The child sees this process's memory as it is now and
/// ends with the parent. The calling process must have no other thread: theirs do not exist in the child.
/// @param name         what errors call the work.
/// @param on_progress  called here with what the child reports, `name` as its stage, and about twice a second in any
///                     case; if it throws, the child is ended and the exception goes on.
/// @throws Error as `work` throws it; {kTooLarge} for std::bad_alloc, or a child ended by SIGKILL, as the system does
///         when memory runs out; {kInternal} for any other end.
std::string run_isolated(std::string_view name, const IsolatedWork& work, const base::OnProgress& on_progress);

}  // namespace mi2::fidelity
