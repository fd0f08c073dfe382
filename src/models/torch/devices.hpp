#pragma once
// Where libtorch computes.

#include <ATen/ATen.h>

#include <mi2/device.hpp>

namespace mi2::models {

/// Loads libtorch's CUDA kernels if they are needed.
/// @throws Error{kUnsupported} if this machine has no such device.
at::Device torch_device(const Device& device);

}  // namespace mi2::models
