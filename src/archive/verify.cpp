// Whether an archive is what was written, and what can be done if it is not.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/relevance.hpp"
#include "archive/replica.hpp"
#include "archive/scan/codes.hpp"
#include "archive/thumbs.hpp"
#include "archive/upkeep.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kReportRows = 4096;
constexpr std::uint64_t kNoSegment = ~std::uint64_t{0};

bool is_empty(std::span<const float> vector) {
  const std::span<const std::byte> bytes = std::as_bytes(vector);
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

class Verifier {
 public:
  Verifier(const fs::path& folder, bool deep, const base::OnProgress& on_progress)
      : folder_(folder), deep_(deep), on_progress_(on_progress), format_(read_format(folder)) {}

  VerifyReport run() {
    require_local(folder_);
    std::unique_ptr<Catalog> catalog;
    try {
      catalog = std::make_unique<Catalog>(folder_, Catalog::Access::kRead);
    } catch (const Error& error) {
      if (error.code() == Code::kUnsupported || error.code() == Code::kOverloaded) throw;
      say(error.what());
      return finish();
    }
    const Catalog::Transaction snapshot(*catalog, false);
    try {
      check_catalog(*catalog);
      // Numbers that no archive has would be looked for for ever.
      open_segments(std::min(catalog->rows(), catalog->entries()));
      check_rows(*catalog);
      check_thumbs(*catalog);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      say(error.what());
    }
    return finish();
  }

 private:
  void say(std::string problem) {
    if (report_.problems.size() < kMostProblems) {
      report_.problems.push_back(std::move(problem));
    } else {
      ++more_;
    }
  }

  VerifyReport finish() {
    if (more_ > 0) report_.problems.push_back(fmt::format("and {} more", more_));
    return std::move(report_);
  }

  void check_catalog(Catalog& catalog) {
    if (catalog.meta("id") != format_.id) {
      say(fmt::format("{}: the catalog of another archive", catalog_file(folder_).string()));
    }
    for (const std::string& problem : catalog.problems()) {
      say(fmt::format("{}: {}", catalog_file(folder_).string(), problem));
    }
    try {
      report_.keyless = key_of(folder_).empty();
      static_cast<void>(Background(catalog));
    } catch (const Error& error) {
      say(error.what());
    }
  }

  void open_segments(std::uint64_t rows) {
    for (std::uint64_t first = 0; first < rows; first += kSegmentRows) {
      const std::uint64_t number = first / kSegmentRows + 1;
      const fs::path path = segment_file(folder_, number);
      files_.push_back(nullptr);
      try {
        auto file = std::make_unique<base::MappedFile>(path);
        check_segment_header(file->bytes(), format_, number, path.string());
        files_.back() = std::move(file);
      } catch (const Error& error) {
        if (error.code() == Code::kInternal) throw;
        say(error.what());
      }
    }
  }

  /// The vector of a row; empty if its file does not reach so far.
  std::span<const float> vector_of(std::uint64_t row) const {
    const std::uint64_t segment = row / kSegmentRows;
    const base::MappedFile* file = segment < files_.size() ? files_[segment].get() : nullptr;
    if (file == nullptr) return {};
    const std::uint64_t size = format_.dimensions * sizeof(float);
    const std::uint64_t at = kSegmentHeader + row % kSegmentRows * size;
    if (file->bytes().size() < at + size) return {};
    return {reinterpret_cast<const float*>(file->bytes().data() + at), format_.dimensions};
  }

  void check_row(const RowFacts& row) {
    const std::span<const float> vector = vector_of(row.row);
    std::string_view problem;
    if (vector.empty()) {
      problem = "its segment is missing, damaged or cut";
    } else if (deep_ && row.kind == RowFacts::Kind::kGone && is_empty(vector)) {
      return;  // erased, and its place given back
    } else if (deep_ && base::crc32c(std::as_bytes(vector)) != row.crc) {
      problem = "its checksum is another";
    } else if (deep_) {
      double square = 0;
      for (const float number : vector) square += static_cast<double>(number) * static_cast<double>(number);
      // Not a number fails the comparison too.
      if (!(std::abs(std::sqrt(square) - 1) <= scan::kUnitTolerance)) problem = "it is no unit vector";
    }
    if (problem.empty()) return;
    const bool live = !row.deleted && row.kind != RowFacts::Kind::kGone;
    if (live) report_.bad_rows.push_back(row.row);
    say(fmt::format("{}: row {}{}: {}", segment_file(folder_, row.row / kSegmentRows + 1).string(), row.row,
                    live ? "" : ", deleted", problem));
  }

  void check_rows(Catalog& catalog) {
    const std::uint64_t rows = catalog.rows();
    std::uint64_t next = 0;
    catalog.each_row(nullptr, [&](const RowFacts& row) {
      if (row.row != next)
        say(fmt::format("{}: rows {} to {} are missing", catalog_file(folder_).string(), next, row.row - 1));
      next = row.row + 1;
      // An erasure that was interrupted: the writer that comes next finishes it.
      const bool erasing = row.kind == RowFacts::Kind::kGone && (row.instance != 0 || row.series != 0);
      if (erasing) erasing_.insert(row.row);
      if (!erasing) check_row(row);
      ++report_.rows;
      if (on_progress_ && report_.rows % kReportRows == 0) on_progress_({"verifying", report_.rows, rows});
    });
  }

  /// @param pack  null: it cannot be read, which was said.
  bool is_whole(const Pack* pack, const Thumb& thumb, bool deep) {
    if (pack == nullptr) return false;
    try {
      if (deep) {
        static_cast<void>(pack->read(thumb));
      } else if (thumb.offset > pack->size() || thumb.size > pack->size() - thumb.offset) {
        throw Error(Code::kBadFile,
                    fmt::format("{}: row {}: the pack is cut", pack_of(folder_, thumb.row).string(), thumb.row));
      }
      return true;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      say(error.what());
      return false;
    }
  }

  void check_thumbs(Catalog& catalog) {
    std::unique_ptr<Pack> pack;
    std::uint64_t segment = kNoSegment;
    catalog.each_thumb([&](const Thumb& thumb) {
      if (thumb.row / kSegmentRows != segment) {
        segment = thumb.row / kSegmentRows;
        pack.reset();
        try {
          pack = std::make_unique<Pack>(folder_, format_, thumb.row);
        } catch (const Error& error) {
          if (error.code() == Code::kInternal) throw;
          say(error.what());
        }
      }
      // Of an interrupted erasure nothing but what the writer that finishes it would fail at.
      if (is_whole(pack.get(), thumb, deep_ && !erasing_.contains(thumb.row))) return;
      report_.bad_thumbs.push_back(thumb.row);
    });
  }

  const fs::path& folder_;
  bool deep_;
  const base::OnProgress& on_progress_;
  Format format_;
  VerifyReport report_;
  std::uint64_t more_ = 0;
  std::vector<std::unique_ptr<base::MappedFile>> files_;
  std::set<std::uint64_t> erasing_;
};

/// The segment with a header of its own and the length that the catalog wants. Its rows stay as far as there are any:
/// their checksums say which of them are whole.
void mend_segment(const fs::path& folder, const Format& format, std::uint64_t number, std::uint64_t rows) {
  const fs::path path = segment_file(folder, number);
  const std::vector<float> blank = erased_row(format.dimensions);
  std::error_code ignored;
  fs::create_directory(path.parent_path(), ignored);
  std::unique_ptr<base::MappedFile> old;
  if (fs::is_regular_file(path, ignored)) old = std::make_unique<base::MappedFile>(path);
  const std::span<const std::byte> before = old ? old->bytes() : std::span<const std::byte>{};
  base::AtomicFile file(path);
  file.write(segment_header(format, number));
  const std::size_t size = format.dimensions * sizeof(float);
  const std::uint64_t count = std::min(rows - (number - 1) * kSegmentRows, kSegmentRows);
  for (std::uint64_t row = 0; row < count; ++row) {
    const std::size_t at = kSegmentHeader + row * size;
    file.write(before.size() >= at + size ? before.subspan(at, size) : std::as_bytes(std::span(blank)));
  }
  file.commit();
}

/// Those that are missing, cut, damaged or another's.
void mend_segments(const fs::path& folder, const Format& format) {
  const WriterLock lock(folder);
  Catalog catalog(folder, Catalog::Access::kRead);
  const std::uint64_t rows = catalog.rows();
  if (rows != catalog.entries()) {
    throw Error(Code::kBadFile, fmt::format("{}: rows are missing from the catalog, which cannot be repaired",
                                            catalog_file(folder).string()));
  }
  for (std::uint64_t first = 0; first < rows; first += kSegmentRows) {
    const std::uint64_t number = first / kSegmentRows + 1;
    const fs::path path = segment_file(folder, number);
    const std::uint64_t size =
        kSegmentHeader + std::min(rows - first, kSegmentRows) * format.dimensions * sizeof(float);
    try {
      const base::MappedFile file(path);
      check_segment_header(file.bytes(), format, number, path.string());
      if (file.bytes().size() >= size) continue;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
    }
    mend_segment(folder, format, number, rows);
  }
}

/// Before the archive is opened to be written to, which takes its packs to be whole. What is left of them in their
/// packs is overwritten: no erasure would find it any more.
void forget_thumbs(const fs::path& folder, std::span<const std::uint64_t> rows) {
  if (rows.empty()) return;
  const WriterLock lock(folder);
  Catalog catalog(folder, Catalog::Access::kWrite);
  const std::set<std::uint64_t> bad(rows.begin(), rows.end());
  std::vector<Thumb> thumbs;
  catalog.each_thumb([&](const Thumb& thumb) {
    if (bad.contains(thumb.row)) thumbs.push_back(thumb);
  });
  Catalog::Transaction all(catalog, true);
  for (const Thumb& thumb : thumbs) catalog.drop_thumb(thumb.row);
  ThumbWriter(folder, read_format(folder), catalog).erase(thumbs);
  all.commit();
}

}  // namespace

VerifyReport verify(const fs::path& folder, bool deep, const base::OnProgress& on_progress) {
  return Verifier(folder, deep, on_progress).run();
}

Repaired repair(const fs::path& folder, const base::OnProgress& on_progress) {
  if (is_replica(folder)) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected an archive, got a replica of a database; delete it, and it is made again",
                            folder.string()));
  }
  mend_segments(folder, read_format(folder));
  const VerifyReport report = verify(folder, true, on_progress);
  forget_thumbs(folder, report.bad_thumbs);
  Writer archive(folder);
  Catalog& catalog = archive.catalog();
  Catalog::Transaction all(catalog, true);
  const std::int64_t seq = catalog.add_change("repair", 0);
  std::set<Id> touched;
  std::set<Id> instances;
  std::vector<std::uint64_t> rows;
  Repaired repaired;
  repaired.thumbs = report.bad_thumbs.size();
  for (const std::uint64_t row : report.bad_rows) {
    const std::optional<ItemFacts> item = catalog.item(row);
    if (!item) continue;
    if (item->instance != 0) instances.insert(item->instance);
    if (item->series != 0) touched.insert(item->series);
    rows.push_back(row);
  }
  // While all their rows are live: of an image of several windows one may be damaged, or some.
  for (const Id instance : instances) repaired.images += static_cast<std::uint64_t>(catalog.live_images(instance));
  for (const std::uint64_t row : rows) catalog.drop_row(row, seq);
  for (const Id instance : instances) {
    if (const auto series = catalog.retire_instance(instance, seq)) touched.insert(*series);
  }
  for (const Id series : touched) archive.pool_again(series, seq);
  // Whatever is in the place of a deleted row: it is overwritten, so that its checksum is right again.
  catalog.mark_erasing();
  archive.segments().sync();
  all.commit();
  static_cast<void>(archive.erase());
  return repaired;
}

}  // namespace mi2::archive
