#include "archive/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

namespace fs = std::filesystem;

/// What making an archive leaves behind when it is killed.
constexpr std::array<std::string_view, 9> kMade{
    "lock",    "key",   "catalog.sqlite", "catalog.sqlite-journal", "catalog.sqlite-wal", "catalog.sqlite-shm",
    "vectors", "codes", "thumbs"};
/// How the name starts of what was to become archive.json; whoever writes that removes it.
constexpr std::string_view kUnfinished = "archive.json.mi2-";

[[noreturn]] void fail(const fs::path& path, std::string_view what, const std::error_code& error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, error.message()));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) fail(folder, "the folder cannot be made", error);
}

/// Only its owner may read it.
void write_key(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string text = base::hex(base::random_bytes(32)) + '\n';
  const bool written = descriptor >= 0 && base::write_all(descriptor, text) && ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  if (!written) fail(path, "cannot be written", error);
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
    if (std::find(kMade.begin(), kMade.end(), name) != kMade.end() || name.starts_with(kUnfinished)) continue;
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
  return std::make_unique<WriterLock>(folder);
}

}  // namespace

bool is_archive(const fs::path& folder) {
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
  if (!catalog_->erasing().empty()) erase();
}

Writer::Writer(const fs::path& folder) : Writer(folder, lock_of(folder)) {}

Writer Writer::create(const fs::path& folder, std::size_t dimensions, const Space& space) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) make_folder(folder);
  require_local(folder);
  auto lock = std::make_unique<WriterLock>(folder);
  if (is_archive(folder)) {
    throw Error(Code::kOverloaded, fmt::format("{}: another process made this archive meanwhile", folder.string()));
  }
  clear(folder);
  Format format;
  format.dimensions = dimensions;
  format.id = base::hex(base::random_bytes(16));
  format.created = now_text();
  format.space = space;
  write_key(key_file(folder));
  make_folder(folder / "vectors");
  make_folder(folder / "codes");
  {
    Catalog catalog(folder, Catalog::Access::kCreate);
    catalog.set_meta("id", format.id);
  }
  base::sync_folder(folder);
  // The last: only with it is there an archive.
  base::AtomicFile file(format_file(folder));
  file.write(to_json(format));
  file.commit();
  return Writer(folder, std::move(lock));
}

void Writer::pool(Id series, Id space, std::int64_t seq) {
  const std::vector<RowFacts> rows = catalog_->frames_of(series);
  std::vector<double> sum(format_.dimensions, 0.0);
  for (const RowFacts& frame : rows) {
    const std::vector<float> numbers = segments_->read(frame.row);
    require_written(folder_, frame.row, numbers, frame.crc);  // or the mean of damage had a checksum that is right
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
  catalog_->add_pooled(row, series, base::crc32c(std::as_bytes(std::span(mean))),
                       static_cast<std::int64_t>(rows.size()), space, seq);
}

void Writer::pool_again(Id series, std::int64_t seq) {
  if (const std::optional<Id> space = catalog_->space_of(series)) return pool(series, *space, seq);
  catalog_->retire_pooled(series, seq);
}

bool Writer::erase() {
  const std::vector<float> blank = erased_row(format_.dimensions);
  // Codes are of the rows: gone before the rows are, and of another key after that.
  const auto remove_codes = [&] {
    std::error_code error;
    for (std::uint64_t number = 1; number <= (segments_->next() + kSegmentRows - 1) / kSegmentRows; ++number) {
      fs::remove(codes_file(folder_, number), error);
      if (error) fail(codes_file(folder_, number), "cannot be removed", error);
    }
  };
  remove_codes();
  for (const std::uint64_t row : catalog_->erasing()) segments_->overwrite(row, blank);
  segments_->sync();
  thumbs_->erase(catalog_->erasing_thumbs());
  Catalog::Transaction all(*catalog_, true);
  catalog_->set_meta("rewrites", std::to_string(catalog_->meta_count("rewrites") + 1));
  static_cast<void>(catalog_->add_change("erase", static_cast<std::int64_t>(catalog_->erasing().size())));
  catalog_->finish_erasing(base::crc32c(std::as_bytes(std::span(blank))));
  all.commit();
  const bool scrubbed = catalog_->scrub();
  remove_codes();  // a search that began before may have made them of the old rows meanwhile
  return scrubbed;
}

}  // namespace mi2::archive
