#pragma once
// An archive as one of its readers sees it: one snapshot, whatever is written meanwhile.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
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

  /// To be called once all rows were read: what was erased meanwhile reads as no vector, and a row that nobody looks at
  /// again after its checksum was compared, or that is scored by its codes, would not tell.
  /// @param deleted  those that were deleted at the snapshot were read too.
  /// @throws Error{kBadFile} if a row of the snapshot was erased since, or a segment's file was cut.
  void check(bool deleted = false);

  /// What a row is of, that a search or a scan came upon. @throws Error{kInternal} if it is not there.
  /// @param deleted  as Catalog::item().
  [[nodiscard]] ItemFacts item(std::uint64_t row, bool deleted = false) const;
  /// What a row is of that somebody asks for; nothing if there is none of this number.
  [[nodiscard]] std::optional<ItemFacts> find_item(std::uint64_t row) const;
  /// The thumbnail of an image, or of the middle slice of a series, as a WebP file; nothing if it has none.
  /// @throws Error{kBadFile} for damage.
  [[nodiscard]] std::optional<std::vector<std::byte>> thumbnail(std::uint64_t row) const;
  /// What each row is of, in order; read once.
  [[nodiscard]] const std::vector<RowFacts>& rows();
  /// The rows that a filter lets by, deleted ones too. Those of the last few filters are kept, but
  /// not of one by path.
  /// @throws as Catalog::each_row().
  [[nodiscard]] std::shared_ptr<const scan::Bitmap> allowed(const filter::Expr& filter);

  /// Lets the catalog go until resume(), so that its log can be emptied meanwhile. Rows and codes stay.
  void pause() noexcept { snapshot_.reset(); }
  /// @returns false if the archive has changed since: it takes another Reader.  @throws as the constructor.
  [[nodiscard]] bool resume();
  /// Codes of an older reader of the same archive, so that only those of new rows are made.
  void take_codes(const Reader& older);

  /// The engine over all rows; codes come from their files, or are made, and put there if the folder can be written.
  /// @throws as scan::Codes::load().
  [[nodiscard]] const scan::Scan& scan(base::ThreadPool& pool, const base::OnProgress& on_progress = {});

 private:
  [[nodiscard]] std::shared_ptr<const scan::Codes> codes_of(std::size_t segment, base::ThreadPool& pool,
                                                            const base::OnProgress& on_progress);
  /// The rows of a segment that were erased.
  [[nodiscard]] scan::Bitmap erased_in(std::size_t segment);

  std::filesystem::path folder_;
  Format format_;
  std::unique_ptr<Catalog> now_;  ///< without a snapshot, to see what others commit
  std::int64_t version_ = 0;      ///< of it, before the snapshot
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Catalog::Transaction> snapshot_;
  std::int64_t sequence_ = 0;
  std::string rewrites_;
  std::unique_ptr<Segments> segments_;
  std::optional<std::vector<RowFacts>> rows_;
  std::deque<std::pair<std::string, std::shared_ptr<const scan::Bitmap>>> filters_;  ///< the newest last
  std::vector<std::shared_ptr<const scan::Codes>> codes_;        ///< of each segment, once there is a scan
  std::vector<std::shared_ptr<const scan::Codes>> older_codes_;  ///< of the same segments with fewer rows
  std::unique_ptr<scan::Scan> scan_;
};

}  // namespace mi2::archive
