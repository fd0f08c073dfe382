#pragma once
// Activation checkpointing: a part of the model keeps only its input, and computes its inner values again when the
// backward pass needs them. Source: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.

#include <functional>

#include <ATen/ATen.h>

namespace mi2::ops::torch_ops {

/// body(x), whose graph is built again in the backward pass with the same random numbers and the same autocast.
/// Gradients of the weights inside `body` accumulate as in any backward pass. Without a gradient to take: body(x).
at::Tensor recompute(at::Tensor x, std::function<at::Tensor(at::Tensor)> body);

}  // namespace mi2::ops::torch_ops
