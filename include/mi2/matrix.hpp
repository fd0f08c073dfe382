#pragma once
// Vectors of images and texts.

#include <vector>

namespace mi2 {

/// A unit vector in the space images and texts share; as long as Embedder::dimensions().
using Embedding = std::vector<float>;

}  // namespace mi2
