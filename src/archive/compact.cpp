#include "archive/compact.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/bitmap.hpp"
#include "archive/segments.hpp"
#include "archive/thumbs.hpp"
#include "base/file_at.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

/// Rows from `first` to before `last`, of one segment.
struct Run {
  std::uint64_t first;
  std::uint64_t last;
};

/// Runs that are given back between two reports of progress.
constexpr std::size_t kReported = 1024;

/// Which rows are dead.
enum class Dead : std::uint8_t {
  kErased,
  kRemoved  ///< and those that can be erased
};

bool is_dead(const RowFacts& row, Dead which) {
  return row.kind == RowFacts::Kind::kGone || (which == Dead::kRemoved && row.deleted);
}

std::vector<Run> dead_runs(Catalog& catalog, Dead which) {
  std::vector<Run> runs;
  catalog.each_row(nullptr, [&](const RowFacts& row) {
    if (!is_dead(row, which)) return;
    if (!runs.empty() && runs.back().last == row.row && row.row % kSegmentRows != 0) {
      ++runs.back().last;
    } else {
      runs.push_back({row.row, row.row + 1});
    }
  });
  return runs;
}

std::uint64_t rows_in(const std::vector<Run>& runs) {
  std::uint64_t rows = 0;
  for (const Run& run : runs) rows += run.last - run.first;
  return rows;
}

/// A file to look at; one that is not there has nothing.
class Looked {
 public:
  explicit Looked(const fs::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Looked(const Looked&) = delete;
  Looked& operator=(const Looked&) = delete;
  ~Looked() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// Bytes that would come back of a part. @param last  cut to the file's end.
  [[nodiscard]] std::uint64_t to_give_back(std::uint64_t first, std::uint64_t last) const {
    struct stat found {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &found) != 0) return 0;
    last = std::min(last, static_cast<std::uint64_t>(found.st_size));
    return first < last ? base::bytes_to_give_back(descriptor_, first, last - first) : 0;
  }

 private:
  int descriptor_;
};

std::uint64_t vectors_to_give_back(const fs::path& folder, const Format& format, const std::vector<Run>& runs) {
  std::uint64_t bytes = 0;
  const std::uint64_t size = format.dimensions * sizeof(float);
  for (auto run = runs.begin(); run != runs.end();) {
    const std::uint64_t segment = run->first / kSegmentRows;
    const Looked file(segment_file(folder, segment + 1));
    for (; run != runs.end() && run->first / kSegmentRows == segment; ++run) {
      const std::uint64_t first = row_offset(run->first, format.dimensions);
      bytes += file.to_give_back(first, first + (run->last - run->first) * size);
    }
  }
  return bytes;
}

std::uint64_t thumbs_to_give_back(const fs::path& folder, const std::vector<PackGap>& gaps) {
  std::uint64_t bytes = 0;
  for (auto gap = gaps.begin(); gap != gaps.end();) {
    const std::uint64_t number = gap->pack;
    const Looked file(pack_file(folder, number));
    for (; gap != gaps.end() && gap->pack == number; ++gap) bytes += file.to_give_back(gap->first, gap->last);
  }
  return bytes;
}

void require_holes(const fs::path& folder) {
  const fs::path path = segment_file(folder, 1);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return;  // there are no rows
    throw Error(Code::kBadFile, fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  }
  const bool can = base::gives_back(descriptor);
  const int reason = errno;
  ::close(descriptor);
  if (can) return;
  if (reason != EOPNOTSUPP && reason != ENOSYS) {
    throw Error(Code::kBadFile,
                fmt::format("{}: cannot be emptied in parts: {}", path.string(), std::strerror(reason)));
  }
  throw Error(Code::kUnsupported,
              fmt::format("{}: expected a file system that takes back parts of a file, as ext4, XFS, Btrfs, ZFS and "
                          "tmpfs do, got one that does not: {}; nothing was changed",
                          folder.string(), std::strerror(reason)));
}

class Compaction {
 public:
  Compaction(Writer& archive, const base::OnProgress& on_progress) : archive_(archive), on_progress_(on_progress) {}

  Compacted run() {
    require_holes(archive_.folder());
    // First what takes no room, as the disk may be full.
    give_back();
    const std::uint64_t removed = mark();
    if (removed > 0) {
      archive_.overwrite_marked();
      give_back();
    }
    if (archive_.scrub_due()) done_.clean = archive_.scrub();
    done_.erased = removed;
    return done_;
  }

 private:
  /// @returns how many rows are to be erased now.
  std::uint64_t mark() {
    Catalog& catalog = archive_.catalog();
    Catalog::Transaction all(catalog, true);
    const auto removed = static_cast<std::uint64_t>(catalog.removed());
    if (removed == 0) return 0;
    catalog.mark_erasing();
    all.commit();
    return removed;
  }

  void give_back() {
    const std::unique_ptr<WriterLock> lock = archive_.lock_files();
    const std::vector<Run> runs = dead_runs(archive_.catalog(), Dead::kErased);
    done_.rows = rows_in(runs);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (on_progress_ && i % kReported == 0) on_progress_({"compacting", i, runs.size()});
      archive_.segments().give_back(runs[i].first, runs[i].last);
    }
    archive_.segments().sync();
    // What was removed, and is not erased yet, keeps its thumbnails.
    archive_.thumbs().give_back(pack_gaps(archive_.catalog(), [](std::uint64_t) { return true; }));
  }

  Writer& archive_;
  const base::OnProgress& on_progress_;
  Compacted done_;
};

}  // namespace

std::string disk_use_json(const DiskUse& use) {
  return fmt::format(R"({{"vectors": {}, "thumbnails": {}, "catalog": {}, "codes": {}, "others": {}, "total": {}}})",
                     use.vectors, use.thumbs, use.catalog, use.codes, use.others, use.total());
}

DiskUse disk_use(const fs::path& folder) {
  DiskUse use;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    struct stat found {};
    if (::lstat(it->path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;  // a folder, or gone meanwhile
    const std::string part = it->path().lexically_relative(folder).begin()->string();
    std::uint64_t& bytes = part == "vectors"                    ? use.vectors
                           : part == "thumbs"                   ? use.thumbs
                           : part == "codes"                    ? use.codes
                           : part.starts_with("catalog.sqlite") ? use.catalog
                                                                : use.others;
    bytes += static_cast<std::uint64_t>(found.st_blocks) * 512;
  }
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  return use;
}

Compactable find_compactable(const fs::path& folder) {
  const Format format = read_format(folder);
  require_local(folder);
  Catalog catalog(folder, Catalog::Access::kRead);
  const Catalog::Transaction snapshot(catalog, false);
  const std::vector<Run> runs = dead_runs(catalog, Dead::kRemoved);
  scan::Bitmap dead(static_cast<std::size_t>(catalog.rows()));
  for (const Run& run : runs) {
    for (std::uint64_t row = run.first; row < run.last; ++row) dead.set(static_cast<std::size_t>(row));
  }
  Compactable found;
  found.rows = rows_in(runs);
  found.removed = static_cast<std::uint64_t>(catalog.removed());
  found.vectors = vectors_to_give_back(folder, format, runs);
  found.thumbs = thumbs_to_give_back(folder, pack_gaps(catalog, [&](std::uint64_t row) {
                                       return row < dead.size() && !dead.test(static_cast<std::size_t>(row));
                                     }));
  found.catalog = catalog.unused_bytes();
  return found;
}

Compacted compact(Writer& archive, const base::OnProgress& on_progress) {
  return Compaction(archive, on_progress).run();
}

}  // namespace mi2::archive
