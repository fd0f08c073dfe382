#pragma once
// Giving back what of the disk an archive takes for what was removed. Rows keep their numbers and files their lengths,
// as readers have them mapped: where nothing is any more, the files get holes.

#include <cstdint>
#include <filesystem>
#include <string>

#include "archive/archive.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

/// Bytes of the disk that an archive's files take: blocks, not lengths.
struct DiskUse {
  std::uint64_t vectors = 0;
  std::uint64_t thumbs = 0;
  std::uint64_t catalog = 0;  ///< with its log
  std::uint64_t codes = 0;
  std::uint64_t others = 0;

  [[nodiscard]] std::uint64_t total() const noexcept { return vectors + thumbs + catalog + codes + others; }
};

/// {"vectors": .., "thumbnails": .., "catalog": .., "codes": .., "others": .., "total": ..}
std::string disk_use_json(const DiskUse& use);

/// Of an archive that others may write to meanwhile. @throws Error{kBadFile} if the folder cannot be read.
DiskUse disk_use(const std::filesystem::path& folder);

/// What compact() would do.
struct Compactable {
  std::uint64_t rows = 0;     ///< that are empty afterwards
  std::uint64_t removed = 0;  ///< of them those that would have to be erased first
  std::uint64_t vectors = 0;  ///< bytes that would come back
  std::uint64_t thumbs = 0;   ///< bytes
  std::uint64_t catalog = 0;  ///< bytes that are unused now; what is erased is added to them
};

/// Without a lock. Nothing is changed.
/// @throws Error{kNotFound}, {kBadFile}, {kUnsupported} as Catalog.
Compactable find_compactable(const std::filesystem::path& folder);

struct Compacted {
  std::uint64_t rows = 0;    ///< empty ones that there are now
  std::uint64_t erased = 0;  ///< of them those that were erased for it
  bool clean = true;         ///< false: a reader keeps the catalog's log
};

/// Erases what was removed or replaced, gives back what of the disk erased rows and their thumbnails take, and rewrites
/// the catalog if some of it is unused. Whoever reads meanwhile, with an older snapshot too, comes upon no empty row as
/// a vector: its checksum or its codes tell. May be ended at any moment, and be called again.
/// @throws Error{kUnsupported} before anything is changed if the file system cannot give back parts of a file;
///         {kBadFile} if the disk refuses, or has no room for a copy of the catalog: what came back until then stays
///         so; what `on_progress` throws.
Compacted compact(Writer& archive, const base::OnProgress& on_progress);

}  // namespace mi2::archive
