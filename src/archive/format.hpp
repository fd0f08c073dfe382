#pragma once
// What an archive is: a folder with archive.json, which never changes, and the files beside it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

namespace mi2::archive {

inline constexpr int kFormat = 1;

/// What all vectors of an archive have in common, so that they compare.
struct Space {
  std::string weights_sha256;
  std::string profile;
  std::string normalisation = "unit";  ///< of the vectors
  std::string windows;                 ///< "file", or what is shown in place of a file's own window; or several
  std::string intensity;
  std::string plane;  ///< of volumes: "usual", or one that was chosen

  friend bool operator==(const Space&, const Space&) = default;
};

/// The space of vectors that an embedder makes. Hashes the weights, as Embedder::provenance().
Space space_of(const Embedder& embedder);
/// The space of vectors from elsewhere, of which only this is known.
Space space_of(const std::string& weights_sha256, const std::string& profile);

/// How images are prepared for a space; of one with several windows, those that are asked for: usual_window().
/// @param usual  for all that a space does not say.
/// @throws Error{kUnsupported} for a space of another version.
ImageOptions options_of(const Space& space, ImageOptions usual);

/// @param what  that has the space `found`: "the model".  @throws Error{kBadArgument} naming what differs.
void require_same(const Space& archive, const Space& found, std::string_view name, std::string_view what);

/// archive.json.
struct Format {
  std::size_t dimensions = 0;
  std::string id;       ///< 32 hexadecimal digits: which archive a file belongs to
  std::string created;  ///< "2020-01-31T12:00:00Z"
  Space space;
  std::string reembedded_from{};  ///< the id of the archive whose objects it has in another space; empty: of none
};

/// Whether one archive takes the other's place: one was made of the other by reembed(), or they are the same.
bool are_related(const Format& one, const Format& other);

/// A URL as a folder would be a path, repeated by errors with the password that may be in it.
/// @throws Error{kBadArgument} if it is one of a database.
void refuse_url(const std::filesystem::path& folder);

/// @throws Error{kNotFound} if the folder is no archive; {kBadFile} for one that is broken; {kUnsupported} for another
///         format's number.
Format read_format(const std::filesystem::path& folder);
std::string to_json(const Format& format);
/// As read_format, of the text. @param name  what errors call it.
Format parse_format(std::string_view text, std::string_view name);

/// The 16 bytes of Format::id.
std::string id_bytes(const Format& format);

/// Files of an archive.
std::filesystem::path format_file(const std::filesystem::path& folder);
std::filesystem::path catalog_file(const std::filesystem::path& folder);
std::filesystem::path key_file(const std::filesystem::path& folder);
std::filesystem::path lock_file(const std::filesystem::path& folder);
/// Of a replica alone: which database it follows.
std::filesystem::path replica_file(const std::filesystem::path& folder);
/// @param number  from 1.
std::filesystem::path segment_file(const std::filesystem::path& folder, std::uint64_t number);
std::filesystem::path codes_file(const std::filesystem::path& folder, std::uint64_t number);

/// The time now, as Format::created has it.
std::string now_text();

/// @throws Error{kUnsupported} for a folder on a file system of the network, where the catalog's locks do not hold.
void require_local(const std::filesystem::path& folder);

/// The archive's one writer, while it lives.
class WriterLock {
 public:
  /// @param patience  how long it waits for another process.
  /// @throws Error{kOverloaded} if another process writes; {kBadFile}.
  explicit WriterLock(const std::filesystem::path& folder, std::chrono::milliseconds patience = {});
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock();

 private:
  int descriptor_;
};

}  // namespace mi2::archive
