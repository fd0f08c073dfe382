#include "archive/archive.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <system_error>
#include <unordered_set>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/catalog_tables.hpp"
#include "archive/map_file.hpp"
#include "archive/replica.hpp"
#include "archive/shared_writer.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/partial.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

/// What making an archive leaves behind when it is killed.
constexpr std::array<std::string_view, 10> kMade{"lock",
                                                 "key",
                                                 "catalog.sqlite",
                                                 "catalog.sqlite-journal",
                                                 "catalog.sqlite-wal",
                                                 "catalog.sqlite-shm",
                                                 "vectors",
                                                 "codes",
                                                 "thumbs",
                                                 "shared.json"};
/// How the names start of what was to become a file; whoever writes that removes it.
constexpr std::array<std::string_view, 3> kUnfinished{"archive.json.mi2-", "key.mi2-", "shared.json.mi2-"};

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::error_code& error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, error.message()));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) fail(folder, "the folder cannot be made", error);
}

/// Only its owner may read it.
void write_key(const fs::path& path, const std::string& key) {
  base::AtomicFile file(path, base::Partial::Kind::kPrivateFile);
  file.write(key + '\n');
  file.commit();
}

/// Whether a folder has vectors: whoever makes an archive writes none before archive.json is there.
bool has_vectors(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder / "vectors", error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored) && it->file_size(ignored) > kSegmentHeader) return true;
  }
  return false;
}

/// Nothing but what a killed run left, which goes.
void clear(const fs::path& folder) {
  if (has_vectors(folder)) {
    throw Error(Code::kBadFile, fmt::format("{}: expected archive.json beside the vectors, got none; put a copy back",
                                            folder.string()));
  }
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (std::find(kMade.begin(), kMade.end(), name) != kMade.end()) continue;
    const auto starts = [&](std::string_view start) { return name.starts_with(start); };
    if (std::any_of(kUnfinished.begin(), kUnfinished.end(), starts)) continue;
    throw Error(Code::kBadArgument, fmt::format("{}: expected an archive or an empty folder, got one with '{}' in it",
                                                folder.string(), name));
  }
  if (error) fail(folder, "the folder cannot be read", error);
  for (const std::string_view part : kMade) {
    if (part == "lock") continue;
    fs::remove_all(folder / part, error);
    if (error) fail(folder / part, "cannot be removed", error);
  }
}

/// Of a folder that is an archive: nothing is written into another one.
std::unique_ptr<WriterLock> lock_of(const fs::path& folder) {
  static_cast<void>(read_format(folder));
  require_local(folder);
  return std::make_unique<WriterLock>(folder, is_replica(folder) ? kReplicaPatience : std::chrono::milliseconds{});
}

}  // namespace

void make_archive(const fs::path& folder, const Format& format, const std::string& key, const std::string& replica) {
  clear(folder);
  write_key(key_file(folder), key);
  make_folder(folder / "vectors");
  make_folder(folder / "codes");
  {
    Catalog catalog(folder, Catalog::Access::kCreate);
    catalog.set_meta("id", format.id);
    if (!replica.empty()) CatalogTables(catalog).set_mark({});
  }
  if (!replica.empty()) {
    base::AtomicFile file(replica_file(folder));
    file.write(replica);
    file.commit();
  }
  base::sync_folder(folder);
  // The last: only with it is there an archive.
  base::AtomicFile file(format_file(folder));
  file.write(to_json(format));
  file.commit();
}

void remove_codes(const fs::path& folder, std::uint64_t rows) {
  std::error_code error;
  for (std::uint64_t number = 1; number <= (rows + kSegmentRows - 1) / kSegmentRows; ++number) {
    fs::remove(codes_file(folder, number), error);
    if (error) fail(codes_file(folder, number), "cannot be removed", error);
  }
}

bool is_archive(const fs::path& folder) {
  refuse_url(folder);
  std::error_code ignored;
  return fs::exists(format_file(folder), ignored);
}

std::string read_key(const fs::path& folder) {
  std::string text = base::read_text_file(key_file(folder), 128);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Error(Code::kBadFile, fmt::format("{}: expected 64 hexadecimal digits", key_file(folder).string()));
  }
  return text;
}

std::string key_of(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(key_file(folder), ignored) ? read_key(folder) : std::string();
}

std::string pseudonym(const std::string& key, std::string_view where, std::string_view identifier) {
  std::string text(where);
  text += '\0';
  text += identifier;
  return base::hmac_sha256_hex(key, text);
}

std::vector<float> erased_row(std::size_t dimensions) {
  std::vector<float> row(dimensions, 0.0F);
  row[0] = 1.0F;
  return row;
}

Writer::Writer(const fs::path& folder, std::unique_ptr<WriterLock> lock)
    : folder_(folder),
      lock_(std::move(lock)),
      format_(read_format(folder)),
      key_(read_key(folder)),
      catalog_(std::make_unique<Catalog>(folder, Catalog::Access::kWrite)),
      segments_(std::make_unique<SegmentWriter>(folder, format_, catalog_->rows())) {
  if (catalog_->meta("id") != format_.id) {
    throw Error(Code::kBadFile, fmt::format("{}: expected the catalog of this archive, got that of another",
                                            catalog_file(folder).string()));
  }
  // Not before: it cuts files to what the catalog knows of them.
  thumbs_ = std::make_unique<ThumbWriter>(folder, format_, *catalog_);
  if (is_replica(folder)) {
    catalog_->set_upstream(shared_writer(folder, *catalog_, *segments_, *thumbs_));
    lock_.reset();
  }
  if (!catalog_->erasing().empty()) erase();
}

Writer::Writer(const fs::path& folder) : Writer(folder, lock_of(folder)) {}

Writer Writer::create(const fs::path& folder, std::size_t dimensions, const Space& space,
                      const std::optional<Predecessor>& of) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) make_folder(folder);
  require_local(folder);
  auto lock = std::make_unique<WriterLock>(folder);
  if (is_archive(folder)) {
    throw Error(Code::kOverloaded, fmt::format("{}: another process made this archive meanwhile", folder.string()));
  }
  Format format;
  format.dimensions = dimensions;
  format.id = base::hex(base::random_bytes(16));
  format.created = now_text();
  format.space = space;
  if (of) format.reembedded_from = of->id;
  make_archive(folder, format, of ? of->key : base::hex(base::random_bytes(32)));
  return Writer(folder, std::move(lock));
}

void Writer::pool(Id series, Id space, std::int64_t seq) {
  const std::vector<RowFacts> rows = catalog_->frames_to_pool(series);
  SeriesSums own;
  SeriesSum& summed = (sums_ != nullptr ? *sums_ : own).of(series, rows, format_.dimensions);
  std::vector<double>& sum = summed.sum;
  for (std::size_t next = summed.rows.size(); next < rows.size(); ++next) {
    const RowFacts& frame = rows[next];
    const std::vector<float> numbers = segments_->read(frame.row);
    require_written(folder_, frame.row, numbers, frame.crc);  // or the mean of damage had a checksum that is right
    summed.rows.emplace_back(frame.row, frame.crc);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(numbers[i]);
  }
  double square = 0;
  for (const double number : sum) square += number * number;
  // Of vectors that cancel out there is no direction.
  const double least = 1e-6 * static_cast<double>(rows.size());
  if (rows.empty() || std::sqrt(square) < least) return catalog_->retire_pooled(series, seq);
  std::vector<float> mean(sum.size());
  for (std::size_t i = 0; i < sum.size(); ++i) mean[i] = static_cast<float>(sum[i] / std::sqrt(square));
  const std::uint64_t row = segments_->next();
  segments_->append(mean);
  std::unordered_set<std::uint64_t> pictures;
  for (const RowFacts& frame : rows) pictures.insert(frame.picture);
  catalog_->add_pooled(row, series, base::crc32c(std::as_bytes(std::span(mean))),
                       static_cast<std::int64_t>(pictures.size()), space, seq);
}

void Writer::pool_again(Id series, std::int64_t seq) {
  if (const std::optional<Id> space = catalog_->space_of(series)) return pool(series, *space, seq);
  catalog_->retire_pooled(series, seq);
}

bool Writer::erase() {
  overwrite_marked();
  return scrub();
}

void Writer::overwrite_marked() {
  // First: of a replica it takes the lock of its files too, and brings what others have erased or marked meanwhile.
  Catalog::Transaction all(*catalog_, true);
  const std::vector<float> blank = erased_row(format_.dimensions);
  const std::vector<std::uint64_t> rows = catalog_->erasing();
  forget_in_maps(folder_, format_, rows);
  base::remove_dead_in(folder_ / "spool");  // objects that a killed run had fetched
  // Codes are of the rows: gone before the rows are, and of another key after that.
  remove_codes(folder_, segments_->next());
  for (const std::uint64_t row : rows) segments_->overwrite(row, blank);
  segments_->sync();
  thumbs_->erase(catalog_->erasing_thumbs());
  catalog_->set_meta("rewrites", std::to_string(catalog_->meta_count("rewrites") + 1));
  static_cast<void>(catalog_->add_change("erase", static_cast<std::int64_t>(rows.size())));
  catalog_->finish_erasing(base::crc32c(std::as_bytes(std::span(blank))));
  catalog_->note_scrub(Catalog::Scrub::kAll);
  all.commit();
}

std::unique_ptr<WriterLock> Writer::lock_files() const {
  return catalog_->has_upstream() ? std::make_unique<WriterLock>(folder_, kReplicaPatience) : nullptr;
}

bool Writer::scrub_due() { return catalog_->unused_bytes() > 0 || catalog_->scrub_due() != Catalog::Scrub::kNone; }

bool Writer::scrub() {
  const std::unique_ptr<WriterLock> lock = lock_files();
  const bool scrubbed = catalog_->scrub();
  // A search that began before may have made them of the old rows meanwhile.
  remove_codes(folder_, catalog_->rows());
  if (scrubbed) catalog_->note_scrub(Catalog::Scrub::kNone);
  return scrubbed;
}

}  // namespace mi2::archive
