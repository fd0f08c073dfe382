#pragma once
// Whether the images of an archive still give the vectors that it has of them: some of them, through the model.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>

#include "archive/reader.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

inline constexpr std::size_t kEmbeddedAgain = 20;

struct EmbeddedAgain {
  std::uint64_t compared = 0;
  double least = 1;                               ///< cosine of a vector made again with the archive's
  std::vector<std::string> others;                ///< for people: images that give another vector than the archive's
  std::map<std::string, std::uint64_t> left_out;  ///< images that could not be compared, by why
};

/// Embeds up to kEmbeddedAgain live images again whose files are still there: from the first row to the last, the same
/// ones until the archive changes.
/// @param embedder  of the archive's space.
/// @throws Error{kBadFile} for a vector that is not what was written; what on_progress throws.
EmbeddedAgain embed_again(Reader& archive, const Embedder& embedder, const base::OnProgress& on_progress);

/// What was compared and what was not, in one line.
std::string text_of(const EmbeddedAgain& again);

}  // namespace mi2::archive
