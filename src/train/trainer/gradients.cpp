#include "train/trainer/gradients.hpp"

#include <algorithm>
#include <optional>
#include <ranges>

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

namespace mi2::train {

struct Gradients::Block {
  at::Tensor flat;
  std::int64_t weights = 0;
  std::int64_t missing = 0;  ///< weights whose gradient of this backward pass is not there yet
  std::unique_ptr<Processes::Pending> sum;
};

/// Called by libtorch each time a weight's gradient has been added.
class Gradients::Arrival final : public torch::autograd::PostAccumulateGradHook {
 public:
  Arrival(Gradients& gradients, std::size_t block) : gradients_(gradients), block_(block) {}
  void operator()(const at::Tensor&) override { gradients_.arrived(block_); }

 private:
  Gradients& gradients_;
  std::size_t block_;
};

Gradients::Gradients(std::span<const at::Tensor> weights, Processes& processes, std::int64_t block_bytes)
    : processes_(processes), weights_(weights.begin(), weights.end()) {
  if (processes_.size() > 1) make_blocks(block_bytes);
}

void Gradients::make_blocks(std::int64_t block_bytes) {
  // The backward pass comes to the last layers first.
  std::vector<at::Tensor> group;
  std::int64_t bytes = 0;
  const auto close = [&] {
    if (group.empty()) return;
    std::int64_t count = 0;
    for (const at::Tensor& weight : group) count += weight.numel();
    Block block;
    block.flat = at::zeros({count}, group.front().options().requires_grad(false));
    block.weights = static_cast<std::int64_t>(group.size());
    std::int64_t at = 0;
    for (const at::Tensor& weight : group) {
      weight.mutable_grad() = block.flat.narrow(0, at, weight.numel()).view(weight.sizes());
      torch::autograd::impl::set_post_acc_grad_hooks(weight, std::make_unique<Arrival>(*this, blocks_.size()));
      at += weight.numel();
    }
    blocks_.push_back(std::move(block));
    group.clear();
    bytes = 0;
  };
  for (const at::Tensor& weight : weights_ | std::views::reverse) {
    group.push_back(weight);
    bytes += static_cast<std::int64_t>(weight.nbytes());
    if (bytes >= block_bytes) close();
  }
  close();
}

Gradients::~Gradients() {
  for (const at::Tensor& weight : weights_) torch::autograd::impl::set_post_acc_grad_hooks(weight, nullptr);
}

void Gradients::clear() {
  for (Block& block : blocks_) block.flat.zero_();
  if (!blocks_.empty()) return;
  for (const at::Tensor& weight : weights_) weight.mutable_grad().reset();
}

void Gradients::sum_when_ready() {
  if (processes_.size() == 1) return;
  for (Block& block : blocks_) block.missing = block.weights;
  next_ = 0;
  summing_ = true;
}

void Gradients::arrived(std::size_t block) {
  if (!summing_) return;
  --blocks_[block].missing;
  launch_ready();
  processes_.poll();
}

void Gradients::launch_ready() {
  while (next_ < blocks_.size() && blocks_[next_].missing <= 0) {
    blocks_[next_].sum = processes_.begin_sum(blocks_[next_].flat);
    ++next_;
  }
}

void Gradients::finish() {
  for (const at::Tensor& weight : weights_) {
    if (!weight.grad().defined()) weight.mutable_grad() = at::zeros_like(weight.detach());
  }
  if (!summing_) return;
  // A weight that this batch did not use has sent no word; its gradient is zero here and may not be elsewhere.
  for (Block& block : blocks_) block.missing = 0;
  launch_ready();
  for (Block& block : blocks_) block.sum->wait();
  for (Block& block : blocks_) block.sum.reset();
  summing_ = false;
}

std::vector<at::Tensor> Gradients::parts() const {
  std::vector<at::Tensor> parts;
  for (const Block& block : blocks_) parts.push_back(block.flat);
  if (!blocks_.empty()) return parts;
  for (const at::Tensor& weight : weights_) {
    if (weight.grad().defined()) parts.push_back(weight.grad());
  }
  return parts;
}

double Gradients::norm() const {
  // In f64: millions of squares added up in f32 lose small ones. In pieces that a cache holds, since libtorch makes a
  // copy of what it sums in another type. Taken to the host together: on a GPU each copy waits for all before.
  constexpr std::int64_t kPiece = std::int64_t{1} << 16;
  std::vector<at::Tensor> lengths;
  for (const at::Tensor& part : parts()) {
    const at::Tensor flat = part.reshape({-1});
    for (std::int64_t at = 0; at < flat.numel(); at += kPiece) {
      const at::Tensor piece = flat.narrow(0, at, std::min(kPiece, flat.numel() - at));
      lengths.push_back(at::linalg_vector_norm(piece, 2, std::nullopt, false, at::kDouble));
    }
  }
  if (lengths.empty()) return 0;
  return at::linalg_vector_norm(at::stack(lengths), 2).item<double>();
}

void Gradients::scale(double factor) {
  if (const std::vector<at::Tensor> all = parts(); !all.empty()) at::_foreach_mul_(all, factor);
}

}  // namespace mi2::train
