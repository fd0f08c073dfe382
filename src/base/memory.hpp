#pragma once
// How much memory there is to be had.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace mi2::base {

/// Bytes that this process can still use before the kernel, its control group (a container's limit) or it itself
/// (ulimit -d, -v) is out of them: the least of what Linux calls available and of each limit, less what is used and
/// cannot be given back. Nothing where none is known.
/// Source: Linux, Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst; getrlimit(2).
/// @param root  where proc and sys are.
std::optional<std::uint64_t> available_memory(const std::filesystem::path& root = "/");

/// From now on memory that is freed stays with the process and is used again, whatever its size. For a process that
/// takes the same large blocks over and over: given back to the system, each would come again page by page, zeroed.
void keep_freed_memory() noexcept;

}  // namespace mi2::base
