#include "archive/reader.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/codes.hpp"
#include "archive/thumbs.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

/// Codes are of one segment of one archive, since it was last rewritten.
scan::RowsId rows_id(const Format& format, std::uint64_t number, const std::string& rewrites, std::uint64_t stamp) {
  const std::string text = fmt::format("{} {} {}", format.id, number, rewrites);
  const std::string hash = base::sha256_hex(std::as_bytes(std::span(text)));
  scan::RowsId id;
  for (std::size_t i = 0; i < id.key.size(); ++i) {
    std::from_chars(hash.data() + 16 * i, hash.data() + 16 * (i + 1), id.key.at(i), 16);
  }
  id.stamp = stamp;
  return id;
}

}  // namespace

Reader::Reader(const std::filesystem::path& folder)
    : folder_(folder),
      format_(read_format(folder)),
      now_(std::make_unique<Catalog>(folder, Catalog::Access::kRead)),
      version_(now_->version()),
      catalog_(std::make_unique<Catalog>(folder, Catalog::Access::kRead)) {
  require_local(folder);
  snapshot_ = std::make_unique<Catalog::Transaction>(*catalog_, false);
  if (catalog_->converted()) {  // between the two lines before
    snapshot_.reset();
    catalog_ = std::make_unique<Catalog>(folder, Catalog::Access::kRead);
    snapshot_ = std::make_unique<Catalog::Transaction>(*catalog_, false);
  }
  if (catalog_->meta("id") != format_.id) {
    throw Error(Code::kBadFile, fmt::format("{}: expected the catalog of this archive, got that of another",
                                            catalog_file(folder).string()));
  }
  sequence_ = catalog_->sequence();
  rewrites_ = catalog_->meta("rewrites");
  segments_ = std::make_unique<Segments>(folder, format_, catalog_->rows());
}

std::span<const float> Reader::row(std::uint64_t row, std::uint32_t crc) const {
  if (row >= segments_->rows()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: row {} of {}", catalog_file(folder_).string(), row, segments_->rows()));
  }
  const std::span<const float> numbers = segments_->row(row);
  require_written(folder_, row, numbers, crc);
  return numbers;
}

void Reader::check(bool deleted) {
  segments_->check();
  if (now_->version() == version_) return;  // rows are overwritten between two commits
  if (now_->converted()) {
    now_ = std::make_unique<Catalog>(folder_, Catalog::Access::kRead);
    version_ = -1;  // that of another connection says nothing
  }
  const Catalog::Transaction snapshot(*now_, false);
  if (now_->meta("rewrites") == rewrites_ && now_->erasing().empty()) return;
  const std::vector<RowFacts>& all = rows();
  auto mine = all.begin();
  bool lost = false;
  now_->each_row(nullptr, [&](const RowFacts& row) {
    if (row.kind != RowFacts::Kind::kGone) return;
    mine = std::lower_bound(mine, all.end(), row.row,
                            [](const RowFacts& facts, std::uint64_t number) { return facts.row < number; });
    if (mine == all.end() || mine->row != row.row || mine->kind == RowFacts::Kind::kGone) return;
    lost = lost || deleted || !mine->deleted;
  });
  if (lost) {
    throw Error(Code::kBadFile, fmt::format("{}: images were erased while it was read; ask again", folder_.string()));
  }
}

ItemFacts Reader::item(std::uint64_t row, bool deleted) const {
  std::optional<ItemFacts> item = catalog_->item(row, deleted);
  if (!item) throw Error(Code::kInternal, fmt::format("row {} is not in the catalog", row));
  return std::move(*item);
}

std::optional<ItemFacts> Reader::find_item(std::uint64_t row) const {
  return row < segments_->rows() ? catalog_->item(row) : std::nullopt;
}

std::optional<std::vector<std::byte>> Reader::thumbnail(std::uint64_t row) const {
  const std::optional<Thumb> found = catalog_->thumb(row);
  if (!found) return std::nullopt;
  return Pack(folder_, format_, found->row).read(*found);
}

namespace {

/// Where the folder cannot be written, the next search makes them again. @returns whether they are kept.
bool keep(const scan::Codes& codes, const std::filesystem::path& file) {
  try {
    codes.save(file);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

const std::vector<RowFacts>& Reader::rows() {
  if (rows_) return *rows_;
  std::vector<RowFacts> rows;
  catalog_->each_row(nullptr, [&](const RowFacts& row) {
    // Tables that somebody else made need not keep to what is relied on below and in every search.
    if (row.row >= segments_->rows() || (!rows.empty() && row.row <= rows.back().row)) {
      throw Error(Code::kBadFile, fmt::format("{}: expected rows in order, up to {} of them, got row {}",
                                              catalog_file(folder_).string(), segments_->rows(), row.row));
    }
    rows.push_back(row);
  });
  auto next = rows.begin();
  catalog_->each_tile([&](std::uint64_t tile) {
    next = std::find_if(next, rows.end(), [tile](const RowFacts& row) { return row.row >= tile; });
    if (next != rows.end() && next->row == tile) next->tile = true;
  });
  next = rows.begin();
  catalog_->each_window([&](std::uint64_t number, std::uint64_t picture) {
    next = std::find_if(next, rows.end(), [number](const RowFacts& row) { return row.row >= number; });
    if (next != rows.end() && next->row == number) next->picture = picture;
  });
  return rows_.emplace(std::move(rows));
}

std::shared_ptr<const scan::Bitmap> Reader::allowed(const filter::Expr& filter) {
  constexpr std::size_t kKept = 8;
  const std::string text = filter::to_text(filter);
  for (const auto& [known, rows] : filters_) {
    if (known == text) return rows;
  }
  scan::Bitmap rows(static_cast<std::size_t>(segments_->rows()));
  catalog_->each_allowed(filter, [&](std::uint64_t row) {
    if (row < rows.size()) rows.set(static_cast<std::size_t>(row));
  });
  auto made = std::make_shared<const scan::Bitmap>(std::move(rows));
  // An object that is found in another file has another path from then on, without a change of its own.
  if (filter::uses(filter, "path")) return made;
  if (filters_.size() == kKept) filters_.pop_front();
  filters_.emplace_back(text, made);
  return made;
}

bool Reader::resume() {
  if (read_format(folder_).id != format_.id) return false;
  version_ = now_->version();
  snapshot_ = std::make_unique<Catalog::Transaction>(*catalog_, false);
  if (catalog_->converted()) return false;
  return catalog_->sequence() == sequence_ && catalog_->meta("rewrites") == rewrites_;
}

void Reader::take_codes(const Reader& older) {
  older_codes_ = older.codes_.empty() ? older.older_codes_ : older.codes_;
}

scan::Bitmap Reader::erased_in(std::size_t segment) {
  const std::uint64_t first = segment * kSegmentRows;
  scan::Bitmap erased(static_cast<std::size_t>(std::min(segments_->rows() - first, kSegmentRows)));
  const std::vector<RowFacts>& all = rows();
  auto row = std::lower_bound(all.begin(), all.end(), first,
                              [](const RowFacts& facts, std::uint64_t number) { return facts.row < number; });
  for (; row != all.end() && row->row < first + erased.size(); ++row) {
    if (row->kind == RowFacts::Kind::kGone) erased.set(static_cast<std::size_t>(row->row - first));
  }
  return erased;
}

std::shared_ptr<const scan::Codes> Reader::codes_of(std::size_t segment, base::ThreadPool& pool,
                                                    const base::OnProgress& on_progress) {
  const std::span<const float> rows = segments_->block(segment);
  const scan::RowsId id = rows_id(format_, segment + 1, rewrites_, segments_->stamp(segment));
  const scan::Bitmap erased = erased_in(segment);
  scan::CodesOptions options;
  options.progress = on_progress;
  options.gone = &erased;
  const std::filesystem::path file = codes_file(folder_, segment + 1);
  if (segment < older_codes_.size()) {
    const scan::Codes& old = *older_codes_[segment];
    const std::size_t count = rows.size() / format_.dimensions;
    if (old.id().key == id.key && old.rows() == count) return older_codes_[segment];
    if (old.id().key == id.key && old.rows() < count) {
      auto grown = std::make_shared<const scan::Codes>(scan::Codes::grown(old, rows, id, pool, options));
      // A file a commit would write all codes of the segment again and again: the next process makes what is missing.
      if (count == kSegmentRows) keep(*grown, file);
      return grown;
    }
  }
  auto codes =
      std::make_shared<const scan::Codes>(scan::Codes::load(file, rows, format_.dimensions, id, pool, options));
  if (codes->encoded() > 0 || codes->stale()) keep(*codes, file);
  return codes;
}

const scan::Scan& Reader::scan(base::ThreadPool& pool, const base::OnProgress& on_progress) {
  if (scan_) return *scan_;
  std::vector<scan::Segment> segments;
  std::vector<std::shared_ptr<const scan::Codes>> codes;
  for (std::size_t i = 0; i < segments_->count(); ++i) {
    codes.push_back(codes_of(i, pool, on_progress));
    segments.push_back({segments_->block(i).data(), codes.back()});
  }
  scan_ = std::make_unique<scan::Scan>(std::move(segments));
  codes_ = std::move(codes);
  older_codes_.clear();
  return *scan_;
}

}  // namespace mi2::archive
