#pragma once
// An archive as one of its readers sees it: one snapshot, whatever is written meanwhile.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/scan/scan.hpp"
#include "archive/segments.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

class Reader {
 public:
  /// @throws Error{kNotFound}, {kBadFile}, {kUnsupported}.
  explicit Reader(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] const Format& format() const noexcept { return format_; }
  [[nodiscard]] Catalog& catalog() noexcept { return *catalog_; }
  [[nodiscard]] const Segments& segments() const noexcept { return *segments_; }
  [[nodiscard]] std::int64_t sequence() const noexcept { return sequence_; }

  /// A row that the catalog has, after its checksum was compared.
  /// @throws Error{kBadFile} naming the segment's file, if the row is not the one that was written.
  [[nodiscard]] std::span<const float> row(std::uint64_t row, std::uint32_t crc) const;

  /// The engine over all rows; codes come from their files, or are made, and put there if the folder can be written.
  /// @throws as scan::Codes::load().
  [[nodiscard]] const scan::Scan& scan(base::ThreadPool& pool, const base::OnProgress& on_progress = {});

 private:
  std::filesystem::path folder_;
  Format format_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Catalog::Transaction> snapshot_;
  std::int64_t sequence_ = 0;
  std::unique_ptr<Segments> segments_;
  std::unique_ptr<scan::Scan> scan_;
};

}  // namespace mi2::archive
