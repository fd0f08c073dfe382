#pragma once
// The objects of one archive into another, with another model or prepared in another way, while the first is in use.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "embedder/inputs.hpp"

namespace mi2::archive {

/// The archive in `to`, which is made if it is not there, with the key of the one in `from`.
/// @throws Error{kBadArgument} if there is something else in `to`, or the archive in it is not made of that one, or not
///         of the embedder's space; as Reader and Writer.
Writer open_reembedded(const std::filesystem::path& from, const std::filesystem::path& to, const Embedder& embedder,
                       const std::string& windows = {});

/// Whether a run can go on in `to`: it is an archive that is made of the one in `from`, or none. Needs no model.
/// @throws as open_reembedded().
void require_reembedded(const std::filesystem::path& from, const std::filesystem::path& to);

/// The longer side of thumbnails of what is made of an archive: the usual; 0 if the archive has none.
int usual_thumbnail(const std::filesystem::path& from);

struct ReembedOptions {
  /// How images are prepared, read and kept. What of each object is wanted, whose it is and what became of it is set
  /// here: slices, site, identifiers, wanted, on_refused and on_outcome.
  AddOptions add;
  embedder::ExpandArchive archive;  ///< of files in which objects are
  /// Of an object, or a frame of it, that could not be embedded again. @param why  for people, with its name.
  std::function<void(std::string_view why)> on_left;
};

/// What became of the objects.
struct Reembedded {
  std::uint64_t images = 0;   ///< embedded and committed
  std::uint64_t kept = 0;     ///< images that were there
  std::uint64_t removed = 0;  ///< images that an earlier run added, and that the archive no longer has
  std::uint64_t labels = 0;   ///< that are new, of what both archives have
  bool clean = true;          ///< false: they are erased, but a reader keeps the catalog's log
  /// Objects and frames that could not be embedded again: "missing", "changed", "no file: http" and the like,
  /// "conflict", else the name of an error's code.
  std::map<std::string, std::uint64_t> left;
  std::optional<Code> first;  ///< of those
};

/// Brings an archive made by open_reembedded() up to the one in `from`, which is only read, a few studies at a time:
/// embeds what is new or has changed there, of the same frames, and erases what is there no more. What others have
/// added to it stays.
/// @throws as add(), Catalog and Reader.
Reembedded reembed(const std::filesystem::path& from, Writer& made, const Embedder& embedder,
                   const ReembedOptions& options);

}  // namespace mi2::archive
