#include "train/trainer/optimizer.hpp"

#include <algorithm>

#include <ATen/core/grad_mode.h>

namespace mi2::train {

AdamW::AdamW(std::vector<TrainedWeight> weights, const AdamWOptions& options) : options_(options) {
  for (TrainedWeight& weight : weights) {
    auto group = std::ranges::find_if(groups_, [&](const Group& other) {
      return other.weight_decay == weight.weight_decay && other.lr_scale == weight.lr_scale;
    });
    if (group == groups_.end()) {
      groups_.push_back({weight.weight_decay, weight.lr_scale, {}, {}, {}, {}, {}});
      group = groups_.end() - 1;
    }
    const at::Tensor value = weight.value.detach();
    group->names.push_back(std::move(weight.name));
    group->averages.push_back(at::zeros_like(value));
    group->squares.push_back(at::zeros_like(value));
    group->steps.push_back(at::zeros({}, value.options()));
    group->weights.push_back(std::move(weight.value));
  }
}

void AdamW::step(const std::function<double(double lr_scale)>& learning_rate) {
  const at::NoGradGuard no_graph;
  for (Group& group : groups_) {
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& weight : group.weights) gradients.push_back(weight.grad());
    at::_foreach_add_(group.steps, 1);
    at::_fused_adamw_(group.weights, gradients, group.averages, group.squares, {}, group.steps,
                      learning_rate(group.lr_scale), options_.beta1, options_.beta2, group.weight_decay, options_.eps,
                      /*amsgrad=*/false, /*maximize=*/false);
  }
}

std::vector<NamedTensor> AdamW::state() const {
  std::vector<NamedTensor> tensors;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.names.size(); ++i) {
      tensors.push_back({"exp_avg." + group.names[i], group.averages[i]});
      tensors.push_back({"exp_avg_sq." + group.names[i], group.squares[i]});
      tensors.push_back({"step." + group.names[i], group.steps[i]});
    }
  }
  return tensors;
}

Sgd::Sgd(std::vector<TrainedWeight> weights, const SgdOptions& options) : options_(options) {
  for (TrainedWeight& weight : weights) {
    auto group = std::ranges::find_if(groups_, [&](const Group& other) {
      return other.weight_decay == weight.weight_decay && other.lr_scale == weight.lr_scale;
    });
    if (group == groups_.end()) {
      groups_.push_back({weight.weight_decay, weight.lr_scale, {}, {}, {}});
      group = groups_.end() - 1;
    }
    group->names.push_back(std::move(weight.name));
    // Begun with zeros, the first momentum is the first gradient, as torch's is.
    if (options_.momentum > 0) group->momenta.push_back(at::zeros_like(weight.value.detach()));
    group->weights.push_back(std::move(weight.value));
  }
}

void Sgd::step(const std::function<double(double lr_scale)>& learning_rate) {
  const at::NoGradGuard no_graph;
  for (Group& group : groups_) {
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& weight : group.weights) gradients.push_back(weight.grad());
    at::_fused_sgd_(group.weights, gradients, group.momenta, group.weight_decay, options_.momentum,
                    learning_rate(group.lr_scale), /*dampening=*/0, options_.nesterov, /*maximize=*/false,
                    /*is_first_step=*/false);
  }
}

std::vector<NamedTensor> Sgd::state() const {
  std::vector<NamedTensor> tensors;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.momenta.size(); ++i) {
      tensors.push_back({"momentum." + group.names[i], group.momenta[i]});
    }
  }
  return tensors;
}

AveragedWeights::AveragedWeights(std::vector<NamedTensor> weights, double decay)
    : decay_(decay), weights_(std::move(weights)) {
  for (const NamedTensor& weight : weights_) averages_.push_back({weight.name, weight.value.detach().clone()});
}

void AveragedWeights::update(std::int64_t updates) {
  const at::NoGradGuard no_graph;
  const double decay = std::min(decay_, static_cast<double>(1 + updates) / static_cast<double>(10 + updates));
  std::vector<at::Tensor> averages;
  std::vector<at::Tensor> weights;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    averages.push_back(averages_[i].value);
    weights.push_back(weights_[i].value.detach());
  }
  at::_foreach_lerp_(averages, weights, 1 - decay);
}

void AveragedWeights::swap() {
  const at::NoGradGuard no_graph;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const at::Tensor weight = weights_[i].value.detach();
    const at::Tensor other = weight.clone();
    weight.copy_(averages_[i].value);
    averages_[i].value.copy_(other);
  }
}

}  // namespace mi2::train
