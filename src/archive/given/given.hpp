#pragma once
// Vectors that were made before, into an archive: those of a file that mi2 embed wrote, or of an array with a table.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/given/facts_table.hpp"
#include "embedder/inputs.hpp"
#include "vectors/vector_file.hpp"

namespace mi2::archive::given {

/// The kind of source of such files.
inline constexpr std::string_view kKind = "vectors";

struct GivenOptions {
  AddOptions add;                     ///< `slices`, `wanted`, `describe` and `given` do not count
  const FactsTable* table = nullptr;  ///< what rows are of, beside what they and their images say
  /// Whether rows may be of files of this machine, which are read then.
  bool files = true;
  embedder::ExpandArchive archive{};  ///< opens a file of several images
};

struct Given {
  Added added;
  std::uint64_t without_pixels = 0;  ///< images that are in no file here
  std::uint64_t without_line = 0;    ///< and those that the table does not name
  std::uint64_t unused_lines = 0;    ///< of the table
  std::uint64_t newer = 0;           ///< files that were written after the vectors
  std::uint64_t compared = 0;        ///< vectors that the model made again, to compare
};

/// @throws Error{kBadArgument} for vectors of another size, or of other weights or another profile than the embedder's.
void require_made_by(const vectors::VectorFile& file, const Embedder& embedder, const ImageOptions& image);

/// Nothing is embedded but a few images of the sample that is compared. Of a file that is here the archive has what it
/// would have had of adding the file; of another image what the table says. A vector that is there already is passed
/// over, and another one of the same image takes its place.
/// @throws as archive::add(); Error{kBadArgument} for vectors of another model, profile or size than the embedder's,
///         or of other images than they say; as rows_of().
Given add(Writer& archive, const Embedder& embedder, const vectors::VectorFile& file, const Source& source,
          const GivenOptions& options);

struct Preview {
  std::uint64_t images = 0, unchanged = 0, refused = 0;  ///< rows, images, rows
  std::uint64_t without_pixels = 0;
  std::uint64_t by_name = 0;  ///< of `unchanged`, those whose files are gone: add() compares their vectors
};
/// What add() would do, as far as can be said without the model. @param catalog  null: the archive is not there yet.
Preview preview(Catalog* catalog, const std::string& key, const vectors::VectorFile& file, const Source& source,
                const GivenOptions& options);

}  // namespace mi2::archive::given
