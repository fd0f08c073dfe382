#pragma once
// An archive opened by its one writer.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/segments.hpp"
#include "archive/thumbs.hpp"

namespace mi2::archive {

class Writer {
 public:
  /// Of an archive that is there. Finishes an erasure that was interrupted.
  /// @throws Error{kNotFound}, {kBadFile}, {kUnsupported}; {kOverloaded} if another process writes.
  explicit Writer(const std::filesystem::path& folder);
  /// Makes an archive in a folder that is empty or not there.
  /// @throws Error{kBadArgument} if there is something else in it; {kBadFile} for an archive that has lost its
  ///         archive.json; as above.
  static Writer create(const std::filesystem::path& folder, std::size_t dimensions, const Space& space);

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
  /// As pool(), with the space of the rows that there are.
  void pool_again(Id series, std::int64_t seq);
  /// Overwrites what is marked to be erased, and forgets what it was.
  /// @returns false if a reader keeps the catalog's log from being emptied.
  bool erase();

 private:
  explicit Writer(const std::filesystem::path& folder, std::unique_ptr<WriterLock> lock);

  std::filesystem::path folder_;
  std::unique_ptr<WriterLock> lock_;
  Format format_;
  std::string key_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<SegmentWriter> segments_;
  std::unique_ptr<ThumbWriter> thumbs_;
};

/// Whether there is an archive in a folder.
bool is_archive(const std::filesystem::path& folder);

/// The key of an archive, by which identifiers become pseudonyms. @throws Error{kNotFound}, {kBadFile}.
std::string read_key(const std::filesystem::path& folder);

/// The pseudonym of an identifier. @param where  who issued it: "12345" of two sites are two patients.
std::string pseudonym(const std::string& key, std::string_view where, std::string_view identifier);

/// The unit vector that takes the place of what was erased, and its checksum.
std::vector<float> erased_row(std::size_t dimensions);

}  // namespace mi2::archive
