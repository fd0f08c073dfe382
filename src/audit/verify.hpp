#pragma once
// Whether an audit list is whole.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.hpp"

namespace mi2::audit {

inline constexpr std::size_t kMostProblems = 100;

struct Report {
  std::uint64_t lines = 0;  ///< that are there
  std::uint64_t first = 0;  ///< the number of the first one: over 1 where older files were put elsewhere
  std::uint64_t last = 0;
  std::string digest;                 ///< the SHA-256 of the last line; empty: there is none
  bool torn = false;                  ///< the end of the last file is no whole line: it is written to, or was killed
  std::vector<std::string> problems;  ///< at most kMostProblems, and how many more
};

/// Reads every line of every file. What it cannot notice: lines that were taken off the end, or a list that was written
/// anew from some line on; compare `digest` with one that was kept elsewhere.
/// @throws Error{kNotFound} without the folder, or a list in it; {kBadFile} if a file cannot be read.
Report verify(const std::filesystem::path& folder, const base::OnProgress& on_progress);

}  // namespace mi2::audit
