#pragma once
// Gradients of all trained weights. Those of several processes lie in a few long blocks, which are summed while the
// backward pass is still at work on the earlier layers. Source: Li et al., PyTorch Distributed, VLDB 2020, section 3.2.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "ops/torch/torch_ops.hpp"
#include "train/trainer/processes.hpp"

namespace mi2::train {

class Gradients {
 public:
  static constexpr std::int64_t kBlockBytes = std::int64_t{25} << 20U;

  /// With several processes each weight's gradient is a view into a block, and must not be replaced afterwards; a
  /// process of its own keeps what the backward pass makes, which saves it a pass over all gradients.
  /// `weights`, in the order of the forward pass, and `processes` outlive this.
  Gradients(std::span<const at::Tensor> weights, Processes& processes, std::int64_t block_bytes = kBlockBytes);
  ~Gradients();
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

  /// Zero or none, before the first backward pass of a step.
  void clear();
  /// From now on a block whose gradients are all there is summed over the processes: before the last backward pass of
  /// a step.
  void sum_when_ready();
  /// After the last backward pass: waits for the sums. From now on every weight has a gradient.
  void finish();

  /// The length of the whole gradient. @throws nothing; not finite if a gradient is not.
  [[nodiscard]] double norm() const;
  void scale(double factor);

 private:
  struct Block;
  class Arrival;
  void arrived(std::size_t block);
  void launch_ready();
  void make_blocks(std::int64_t block_bytes);
  /// All gradients: blocks, or the weights' own as far as there are some.
  [[nodiscard]] std::vector<at::Tensor> parts() const;

  Processes& processes_;
  std::vector<at::Tensor> weights_;
  std::vector<Block> blocks_;  ///< in the order in which the backward pass fills them; none for a process of its own
  std::size_t next_ = 0;       ///< the block to launch next: the same order in every process
  bool summing_ = false;
};

}  // namespace mi2::train
