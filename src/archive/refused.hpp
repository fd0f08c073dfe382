#pragma once
// What was refused when it was to be added, and why.

#include <cstddef>
#include <string>

#include "archive/reader.hpp"

namespace mi2::archive {

/// Files that are listed; all are counted.
inline constexpr std::size_t kMostRefused = 10'000;

/// {"refused": .., "by": {"bad_file": 3, "skipped: not an image": 8}, "snapshot": .., "more": .., "files": [{"path":
/// .., "code": .., "reason": .., "at": ".."}, ..]}: the newest first. A reason may name the file.
/// @param most  files that are listed, up to kMostRefused.  @param paths  whether any are: else "files" is not there.
std::string refused_json(Reader& archive, std::size_t most, bool paths);

}  // namespace mi2::archive
