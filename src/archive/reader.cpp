#include "archive/reader.hpp"

#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/codes.hpp"
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
      catalog_(std::make_unique<Catalog>(folder, Catalog::Access::kRead)) {
  require_local(folder);
  snapshot_ = std::make_unique<Catalog::Transaction>(*catalog_, false);
  if (catalog_->meta("id") != format_.id) {
    throw Error(Code::kBadFile, fmt::format("{}: expected the catalog of this archive, got that of another",
                                            catalog_file(folder).string()));
  }
  sequence_ = catalog_->sequence();
  segments_ = std::make_unique<Segments>(folder, format_, catalog_->rows());
}

std::span<const float> Reader::row(std::uint64_t row, std::uint32_t crc) const {
  if (row >= segments_->rows()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: row {} of {}", catalog_file(folder_).string(), row, segments_->rows()));
  }
  const std::span<const float> numbers = segments_->row(row);
  if (base::crc32c(std::as_bytes(numbers)) != crc) {
    throw Error(Code::kBadFile, fmt::format("{}: row {} is not the one that was written; 'mi2 index verify' finds all",
                                            segment_file(folder_, row / kSegmentRows + 1).string(), row));
  }
  return numbers;
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

const scan::Scan& Reader::scan(base::ThreadPool& pool, const base::OnProgress& on_progress) {
  if (scan_) return *scan_;
  const std::string rewrites = catalog_->meta("rewrites");
  std::vector<scan::Segment> segments;
  for (std::size_t i = 0; i < segments_->count(); ++i) {
    const std::span<const float> rows = segments_->block(i);
    const std::filesystem::path file = codes_file(folder_, i + 1);
    const scan::RowsId id = rows_id(format_, i + 1, rewrites, segments_->stamp(i));
    scan::CodesOptions options;
    options.progress = on_progress;
    auto codes =
        std::make_shared<const scan::Codes>(scan::Codes::load(file, rows, format_.dimensions, id, pool, options));
    if (codes->encoded() > 0) keep(*codes, file);
    segments.push_back({rows.data(), std::move(codes)});
  }
  scan_ = std::make_unique<scan::Scan>(std::move(segments));
  return *scan_;
}

}  // namespace mi2::archive
