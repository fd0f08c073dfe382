#pragma once
// Memory that a thread keeps between calls of the engine, so that a forward pass allocates nothing once it has run.

#include <cstddef>

namespace mi2::ops::cpu {

/// @returns at least `bytes`, 64-byte aligned, of this thread's own; valid until its next call.
/// @throws Error{kTooLarge} if the system has no such memory.
std::byte* thread_scratch(std::size_t bytes);

}  // namespace mi2::ops::cpu
