#pragma once
// Where in an image a text or another image is: the cosine of each patch of the model's last grid with its vector.
// The image's own vector is the mean of these patches under a norm and a projection; a patch goes through the same by
// itself. No gradients, and nothing between the patches: a map has the model's resolution.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

namespace mi2::embedder {

/// The patches of one image.
struct Patches {
  int width = 0;  ///< of the image, in its own pixels
  int height = 0;
  std::vector<double> x;     ///< where columns begin, and the last ends: pixels of the image
  std::vector<double> y;     ///< where rows do
  EmbeddingMatrix vectors;   ///< a unit vector per patch, line by line
  std::vector<float> whole;  ///< the image's own unit vector
  std::string resolution;    ///< what maps of it can show, for people: "15 x 15 cells, ..", ASCII

  [[nodiscard]] std::size_t columns() const noexcept { return x.empty() ? 0 : x.size() - 1; }
  [[nodiscard]] std::size_t rows() const noexcept { return y.empty() ? 0 : y.size() - 1; }
};

/// @param pixels  what `tokens` and `whole` are of.
/// @param tokens  a row of ImageFeatures::tokens.
/// @param whole   the same of ImageFeatures::vectors.
/// @throws as Embedder::embed_patches().
Patches patches_of(const Embedder& embedder, const Pixels& pixels, std::span<const float> tokens,
                   std::span<const float> whole);
/// As above, of an image that was not embedded yet.
Patches patches_of(const Embedder& embedder, const Pixels& pixels);

/// What one query is like, patch by patch.
struct Heatmap {
  std::vector<float> cosines;  ///< of each patch, line by line
  float least = 0;             ///< of them
  float most = 0;
  float whole = 0;  ///< the cosine of the image's own vector
};

/// @param query  of any length but 0.
/// @throws Error{kBadArgument} for another number of dimensions than the patches have, a length of 0 or a number that
///         is not finite.
Heatmap heatmap(const Patches& patches, std::span<const float> query);

/// {"rows": .., "cols": .., "picture": [w, h], "covers": [0, 0, w, h], "x": [..], "y": [..], "resolution": "..",
/// "maps": [{.., "least": .., "most": .., "whole": .., "cosines": [[..], ..]}, ..]}: the one form of maps as JSON.
/// @param queries  of each map members that say what was asked for: `"text": ".."`.
std::string heatmaps_json(const Patches& patches, std::span<const Heatmap> maps, std::span<const std::string> queries);

}  // namespace mi2::embedder
