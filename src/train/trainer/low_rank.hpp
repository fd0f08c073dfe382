#pragma once
// A LoRA run: low-rank additions to linear layers of a frozen model. Source: Hu et al., LoRA, ICLR 2022; as PEFT begins
// them, the first factor is drawn and the second zero, so that the model is at first the one it started from.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ops/torch/torch_ops.hpp"
#include "train/parameters/policies.hpp"
#include "train/trainer/optimizer.hpp"
#include "weights/lora.hpp"

namespace mi2::train {

/// For ops::TorchOps::Options. @param policies  outlives the model's loading.
std::function<std::optional<ops::LowRank>(const ops::Parameter&)> additions(const weights::LoraInfo& info,
                                                                            ParameterPolicies& policies,
                                                                            std::uint64_t seed);

/// The model's weights with their additions, under their checkpoint names.
/// @param parameters  of the model, additions among them.
/// @param trained     what stands in for parameters of the same name: averages.
std::vector<NamedTensor> merged_weights(std::span<const ops::TorchParameter> parameters,
                                        std::span<const NamedTensor> trained, double scale);

/// "of 11,000,000 numbers 100,000 are trained (0.91 %), .." for people.
/// @throws Error{kBadArgument} if no layer has an addition.
std::string share_trained(std::span<const ops::TorchParameter> parameters, std::span<const TrainedWeight> trained);

}  // namespace mi2::train
