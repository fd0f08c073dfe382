#pragma once
// An archive opened by its one writer.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/segments.hpp"
#include "archive/series_sums.hpp"
#include "archive/thumbs.hpp"

namespace mi2::archive {

/// Of an archive that is made of another one's objects.
struct Predecessor {
  std::string id;   ///< Format::id of the other one
  std::string key;  ///< as Writer::key() of it, so that identifiers have the same pseudonyms
};

class Writer {
 public:
  /// Of an archive that is there. Finishes an erasure that was interrupted. Of a replica it is locked only during its
  /// transactions, which go to the database.
  /// @throws Error{kNotFound}, {kBadFile}, {kUnsupported}; {kOverloaded} if another process writes.
  explicit Writer(const std::filesystem::path& folder);
  /// Makes an archive in a folder that is empty or not there. @param of  nothing: of no other one, with a key of its
  /// own.
  /// @throws Error{kBadArgument} if there is something else in it; {kBadFile} for an archive that has lost its
  ///         archive.json; as above.
  static Writer create(const std::filesystem::path& folder, std::size_t dimensions, const Space& space,
                       const std::optional<Predecessor>& of = std::nullopt);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] const Format& format() const noexcept { return format_; }
  [[nodiscard]] Catalog& catalog() noexcept { return *catalog_; }
  [[nodiscard]] SegmentWriter& segments() noexcept { return *segments_; }
  [[nodiscard]] ThumbWriter& thumbs() noexcept { return *thumbs_; }
  /// What identifiers are hashed with.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

  /// Puts the unit mean of a series' live rows in place of the one before, inside of a transaction.
  /// @throws Error{kBadFile} if one of them is damaged.
  void pool(Id series, Id space, std::int64_t seq);
  /// What pool() has summed and goes on with: for writers of one archive that come one after the other.
  /// @param sums  outlives this writer.
  void use_sums(SeriesSums& sums) noexcept { sums_ = &sums; }
  /// As pool(), with the space of the rows that there are.
  void pool_again(Id series, std::int64_t seq);
  /// Overwrites what is marked to be erased, and forgets what it was.
  /// @returns false if a reader keeps the catalog's log from being emptied.
  bool erase();
  /// The first part of erase(): what was overwritten may still be in the catalog's unused pages until scrub().
  void overwrite_marked();
  /// Of a replica the lock for what is done to its files outside of a transaction; of another archive this writer has
  /// it already. @throws Error{kOverloaded} while another process writes.
  [[nodiscard]] std::unique_ptr<WriterLock> lock_files() const;
  /// Whether the second part has something to do, a killed run's too.
  [[nodiscard]] bool scrub_due();
  /// The second part. Needs as much room as the catalog takes. @returns as erase().
  bool scrub();

 private:
  explicit Writer(const std::filesystem::path& folder, std::unique_ptr<WriterLock> lock);

  std::filesystem::path folder_;
  std::unique_ptr<WriterLock> lock_;
  Format format_;
  std::string key_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<SegmentWriter> segments_;
  std::unique_ptr<ThumbWriter> thumbs_;
  SeriesSums* sums_ = nullptr;
};

/// Makes an archive without rows in a folder that is empty, or has what a killed run left. Under its lock.
/// @param replica  the text of replica_file(); empty: it is none.
/// @throws Error{kBadArgument} if there is something else in it; {kBadFile}.
void make_archive(const std::filesystem::path& folder, const Format& format, const std::string& key,
                  const std::string& replica = {});

/// Codes of the segments of so many rows: they are made again. @throws Error{kBadFile}.
void remove_codes(const std::filesystem::path& folder, std::uint64_t rows);

/// Whether there is an archive in a folder. @throws as refuse_url().
bool is_archive(const std::filesystem::path& folder);

/// The key of an archive, by which identifiers become pseudonyms. @throws Error{kNotFound}, {kBadFile}.
std::string read_key(const std::filesystem::path& folder);
/// The same; empty for an archive that was passed on without it. @throws Error{kBadFile}.
std::string key_of(const std::filesystem::path& folder);

/// The pseudonym of an identifier. @param where  who issued it: "12345" of two sites are two patients.
std::string pseudonym(const std::string& key, std::string_view where, std::string_view identifier);

/// The unit vector that takes the place of what was erased, and its checksum.
std::vector<float> erased_row(std::size_t dimensions);

}  // namespace mi2::archive
