#include "train/trainer/low_rank.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "models/initial.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

bool is_addition(std::string_view name) { return name.ends_with(weights::kLoraA) || name.ends_with(weights::kLoraB); }

std::string a_of(const std::string& weight) { return weight + std::string(weights::kLoraA); }
std::string b_of(const std::string& weight) { return weight + std::string(weights::kLoraB); }

}  // namespace

std::function<std::optional<ops::LowRank>(const ops::Parameter&)> additions(const weights::LoraInfo& info,
                                                                            ParameterPolicies& policies,
                                                                            std::uint64_t seed) {
  return [&policies, seed, rank = info.rank,
          scale = info.scale()](const ops::Parameter& weight) -> std::optional<ops::LowRank> {
    if (!policies.is_lora_target(weight.name)) return std::nullopt;
    return ops::LowRank{models::kaiming_uniform(a_of(weight.name), {rank, weight.shape[1]}, seed),
                        models::zeros(b_of(weight.name), {weight.shape[0], rank}), scale};
  };
}

std::vector<NamedTensor> merged_weights(std::span<const ops::TorchParameter> parameters,
                                        std::span<const NamedTensor> trained, double scale) {
  const at::NoGradGuard no_graph;
  std::map<std::string, at::Tensor> values;
  for (const ops::TorchParameter& parameter : parameters) values[parameter.name] = parameter.value.detach();
  for (const NamedTensor& weight : trained) values[weight.name] = weight.value.detach();
  std::vector<NamedTensor> merged;
  for (const ops::TorchParameter& parameter : parameters) {
    if (is_addition(parameter.name)) continue;
    at::Tensor value = values.at(parameter.name);
    if (const auto a = values.find(a_of(parameter.name)); a != values.end()) {
      value = at::addmm(value, values.at(b_of(parameter.name)), a->second, 1, scale);
    }
    merged.push_back({parameter.name, std::move(value)});
  }
  return merged;
}

std::string share_trained(std::span<const ops::TorchParameter> parameters, std::span<const TrainedWeight> trained) {
  const auto layers = std::ranges::count_if(
      parameters, [](const ops::TorchParameter& parameter) { return parameter.name.ends_with(weights::kLoraA); });
  if (layers == 0) {
    throw Error(Code::kBadArgument,
                "LORA.TARGETS: expected patterns that match linear layers of attention or MLP which no FREEZE_PATTERNS "
                "match, got none");
  }
  std::int64_t all = 0;
  for (const ops::TorchParameter& parameter : parameters) all += parameter.value.numel();
  std::int64_t changing = 0;
  for (const TrainedWeight& weight : trained) changing += weight.value.numel();
  return fmt::format("LoRA: of {} numbers {} are trained ({:.2f} %), with additions to {} layers", all, changing,
                     100 * static_cast<double>(changing) / static_cast<double>(all), layers);
}

}  // namespace mi2::train
