#pragma once
// Sources that are looked at again and again: whether anything of them is new.

#include <chrono>
#include <string>
#include <unordered_map>

#include "archive/catalog.hpp"
#include "embedder/inputs.hpp"

namespace mi2::cli {

class WatchedFiles {
 public:
  /// Takes out of `paths` what was changed within the last two seconds and may still be written.
  /// @returns whether a file is new or another one than it was at remember(). That one is gone does not count.
  bool look(embedder::ExpandedPaths& paths);
  /// What look() saw last has been dealt with.
  void remember();

 private:
  using Stamps = std::unordered_map<std::string, archive::Stamp>;
  Stamps before_;
  Stamps now_;
};

/// Between two looks. @throws Interrupted if it is ended.
void wait_for(std::chrono::seconds pause);

/// Seconds between two looks at the sources. @throws Error{kBadArgument} for what is no number of them.
std::chrono::seconds pause_of(const std::string& watch);

}  // namespace mi2::cli
