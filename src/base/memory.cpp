#include "base/memory.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>

namespace mi2::base {
namespace {

namespace fs = std::filesystem;

/// What a version of control groups calls its files.
struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* cache;  ///< of memory.stat: file pages that are given back when memory is short
};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr GroupFiles kVersion2{"memory.max", "memory.current", "inactive_file"};

/// Nothing for "max".
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::uint64_t number = 0;
  if (!(stream >> number)) return std::nullopt;
  return number;
}

/// The number after a key, in lines of "key number".
std::optional<std::uint64_t> number_of(const fs::path& file, std::string_view key) {
  std::ifstream stream(file);
  for (std::string word; stream >> word;) {
    std::uint64_t number = 0;
    if (word == key && stream >> number) return number;
    stream.ignore(4096, '\n');
  }
  return std::nullopt;
}

void lower(std::optional<std::uint64_t>& least, const std::optional<std::uint64_t>& found) {
  if (found && (!least || *found < *least)) least = found;
}

std::optional<std::uint64_t> left_in(const fs::path& folder, const GroupFiles& files) {
  const auto limit = number_in(folder / files.limit);
  const auto usage = number_in(folder / files.usage);
  if (!limit || !usage) return std::nullopt;
  const std::uint64_t cache = std::min(number_of(folder / "memory.stat", files.cache).value_or(0), *usage);
  return *limit - std::min(*limit, *usage - cache);
}

/// Of what this process may have of a kind.
std::optional<std::uint64_t> left_of(int kind, const std::optional<std::uint64_t>& kibibytes_used) {
  rlimit limit{};
  if (!kibibytes_used || getrlimit(kind, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  const std::uint64_t most = limit.rlim_cur;
  return most - std::min(most, *kibibytes_used * 1024);
}

/// Of a group and all above it; a container may see its own group as the topmost one.
std::optional<std::uint64_t> left_up_from(const fs::path& top, fs::path group, const GroupFiles& files) {
  std::optional<std::uint64_t> least = left_in(top, files);
  for (; group.has_relative_path(); group = group.parent_path())
    lower(least, left_in(top / group.relative_path(), files));
  return least;
}

}  // namespace

std::optional<std::uint64_t> available_memory(const fs::path& root) {
  std::optional<std::uint64_t> least = number_of(root / "proc/meminfo", "MemAvailable:");
  if (least) *least *= 1024;
  const fs::path status = root / "proc/self/status";
  lower(least, left_of(RLIMIT_DATA, number_of(status, "VmData:")));
  lower(least, left_of(RLIMIT_AS, number_of(status, "VmSize:")));
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // "4:cpu,memory:/path", or "0::/path" of version 2.
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
    const fs::path top = root / "sys/fs/cgroup";
    const fs::path group = line.substr(second + 1);
    if (controllers == ",,") lower(least, left_up_from(top, group, kVersion2));
    if (controllers.find(",memory,") != std::string::npos) lower(least, left_up_from(top / "memory", group, kVersion1));
  }
  return least;
}

void keep_freed_memory() noexcept {
  ::mallopt(M_MMAP_MAX, 0);         // large blocks would be mapped and unmapped each time
  ::mallopt(M_TRIM_THRESHOLD, -1);  // the end of the heap would be cut off whenever it is free
}

}  // namespace mi2::base
