#pragma once
// The vectors of a dataset's images, those in a cache as they were.

#include <cstddef>
#include <filesystem>

#include <mi2/embedder.hpp>

#include "arguments.hpp"
#include "dataset_ways.hpp"
#include "recipe/prepare.hpp"

namespace mi2::cli {

struct Embedding {
  EmbeddedDataset data;
  std::size_t computed = 0;
  std::size_t cached = 0;
  int status = 0;  ///< of the program: whether an image could not be read
};

/// Embeds what is not in the cache, and reports what cannot be read. A cache has a file per weights and preparation.
/// @param with_train  else the images of the training split have no vectors.
Embedding embed_dataset(const recipe::Prepared& prepared, const ModelArguments& model, const Embedder& embedder,
                        const std::filesystem::path& cache_folder, bool with_train);

}  // namespace mi2::cli
