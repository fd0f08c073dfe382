#pragma once
// Many pictures through one model: the next batch is decoded while the current one is computed.

#include <cstddef>
#include <functional>
#include <span>

#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

#include "inputs.hpp"
#include "report.hpp"

namespace mi2::cli {

using OnEmbedding = std::function<void(const Input& input, std::span<const float> embedding)>;

/// Calls `on_embedding` for every picture that can be read, in the order of `inputs`, and reports every other to
/// `report`. At most two batches of pixels are in memory, however many inputs there are.
/// `after_batch` is called after each batch. Errors that are not one picture's own are thrown.
void embed_pictures(const Embedder& embedder, std::span<const Input> inputs, std::size_t batch, Report& report,
                    const OnEmbedding& on_embedding, const std::function<void(std::size_t done)>& after_batch);

}  // namespace mi2::cli
