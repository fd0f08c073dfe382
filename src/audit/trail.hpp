#pragma once
// The audit list of a server, where it is written: a folder of files that only grow, audit-000001.jsonl and on. Each
// line has the SHA-256 of the one before, over all files, so that a line that was changed, added or taken out is seen.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "audit/entry.hpp"

namespace mi2::audit {

/// A file that has so many bytes is followed by a new one. None is ever removed.
inline constexpr std::uint64_t kFileBytes = 64U << 20;

/// When a line is on the disk.
enum class Durable : std::uint8_t {
  kSoon,  ///< within a second; the system has it at once, so that a killed program loses nothing
  kNow,   ///< before append() returns
};

/// Used by many threads. One program at a time writes to a folder.
class Trail {
 public:
  /// Makes the folder if it is not there, for its owner alone. What a killed program wrote of a line is cut off: whom
  /// it was for got no answer.
  /// @throws Error{kBadFile} if the folder cannot be written, or its last line is none; {kOverloaded} if another
  ///         program writes to it.
  explicit Trail(std::filesystem::path folder, std::uint64_t file_bytes = kFileBytes);
  Trail(const Trail&) = delete;
  Trail& operator=(const Trail&) = delete;
  ~Trail();

  /// @throws Error{kBadFile} if the disk refuses: then nothing of the line is there; {kTooLarge} for an entry of more
  ///         than kLongestLine bytes. Once lines that were written could not be brought to the disk, every further one
  ///         is refused until the program starts anew.
  void append(const Entry& entry, Durable durable);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::audit
