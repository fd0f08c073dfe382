#pragma once
// Gradients of all trained weights in a few long blocks, which are summed over the processes while the backward pass is
// still at work on the earlier layers. Source: Li et al., PyTorch Distributed, VLDB 2020, section 3.2.

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

  /// Gives each weight a gradient that is a view into a block. Weights must not be given other gradients afterwards.
  /// `weights`, in the order of the forward pass, and `processes` outlive this.
  Gradients(std::span<const at::Tensor> weights, Processes& processes, std::int64_t block_bytes = kBlockBytes);
  ~Gradients();
  Gradients(const Gradients&) = delete;
  Gradients& operator=(const Gradients&) = delete;

  /// Zero, before the first backward pass of a step.
  void clear();
  /// From now on a block whose gradients are all there is summed over the processes: before the last backward pass of
  /// a step.
  void sum_when_ready();
  /// Waits for the sums, after the last backward pass.
  void finish();

  /// The length of the whole gradient. @throws nothing; not finite if a gradient is not.
  [[nodiscard]] double norm() const;
  void scale(double factor);

 private:
  struct Block;
  class Arrival;
  void arrived(std::size_t block);
  void launch_ready();

  Processes& processes_;
  std::vector<at::Tensor> weights_;
  std::vector<Block> blocks_;  ///< in the order in which the backward pass fills them
  std::size_t next_ = 0;       ///< the block to launch next: the same order in every process
  bool summing_ = false;
};

}  // namespace mi2::train
