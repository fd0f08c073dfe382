#pragma once
// Where libtorch computes.

#include <string_view>

#include <ATen/ATen.h>

namespace mi2::models {

/// "cuda", "cuda:1", "cpu" or "torch" (the CPU). Loads libtorch's CUDA kernels if they are needed.
/// @throws Error{kUnsupported} if this machine has no such device; {kBadArgument} for another name.
at::Device torch_device(std::string_view name);

}  // namespace mi2::models
