#pragma once
// A model on libtorch that is only asked, never trained.

#include <cstdint>
#include <memory>

#include "models/model.hpp"
#include "models/torch/torch_model.hpp"

namespace mi2::models {

/// Images of one pass: beyond it a GPU gains nothing.
inline constexpr std::int64_t kMostImages = 64;

/// How many images of a pass fit into `free` bytes of a GPU's memory, 1 to kMostImages: a guess, which a pass that
/// runs out of memory corrects. @param dtype  of the products.
std::int64_t images_that_fit(const weights::ModelConfig& config, at::ScalarType dtype, std::uint64_t free);

/// The same for a device as it is now. Of the CPU, memory is not what limits a pass.
std::int64_t images_of_a_pass(const weights::ModelConfig& config, at::ScalarType dtype, at::Device device);

/// @param model   frozen (ops::TorchOps::Options), on `device`.
/// @param images  of one pass at most; more are computed in several. Halved for good each time the memory runs out.
/// Answers throw Error{kTooLarge} if the memory does not suffice for one image or text, {kInternal} for what else
/// libtorch reports.
std::unique_ptr<Model> for_inference(std::unique_ptr<TorchModel> model, at::Device device, std::int64_t images);

/// What libtorch keeps of a GPU's memory without using it.
void give_back_memory(at::Device device);

}  // namespace mi2::models
