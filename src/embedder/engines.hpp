#pragma once
// One model on several devices at once: an engine for each, that is an embedder and a thread.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/device.hpp>
#include <mi2/embedder.hpp>

#include "embedder/pipeline.hpp"

namespace mi2::embedder {

/// One embedder per device, in this order. @param options  but for its device. @throws as Embedder::open.
std::vector<Embedder> open_on(const std::filesystem::path& model, EmbedderOptions options,
                              std::span<const Device> devices);

/// Called where embed_all() was, with an engine's device and what it threw.
using OnEngineLost = std::function<void(const Device& device, std::string_view reason)>;

/// As embed_all() of one embedder, with batches handed to whichever engine is free; results come in the items' order.
/// An engine that fails gets no more batches, and the one it had goes to another. What the last one throws ends the
/// run.
/// @param embedders  of one model, at least one.
void embed_all(std::span<const Embedder> embedders, const NextItem& next, const PipelineOptions& options,
               const std::function<void(std::span<const Embedded>)>& on_batch, const OnEngineLost& on_lost);

}  // namespace mi2::embedder
