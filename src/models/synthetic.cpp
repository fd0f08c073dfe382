#include "models/synthetic.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

namespace mi2::models {
namespace {

/// Mean and spread of a tensor's values, as in a trained network: residual branches are scaled down.
struct Spread {
  float mean = 0;
  float deviation = 1;
};

Spread spread_of(const std::string& name, const tensor::Shape& shape) {
  const auto ends_with = [&](std::string_view end) { return name.size() >= end.size() && name.ends_with(end); };
  if (name == "logit_scale") return {4.51F, 0.0F};
  if (ends_with("bias")) return {0.0F, 0.05F};
  if (shape.rank() == 1) return {1.0F, 0.1F};
  if (name.find("embedding") != std::string::npos) return {0.0F, 0.2F};
  const bool projection = ends_with("_projection");
  const std::int64_t fan_in = projection ? shape[0] : shape.count() / shape[0];
  // Channel attention multiplies q and k over thousands of tokens: at unit gain its softmax would be all or nothing.
  const float gain_of_channels = name.find("channel_attn.fn.qkv") != std::string::npos ? 0.5F : 1.0F;
  const bool closes_branch = ends_with("proj.weight") || ends_with("fc2.weight") || ends_with("dw.weight");
  return {0.0F, (closes_branch ? 0.3F : gain_of_channels) / std::sqrt(static_cast<float>(fan_in))};
}

}  // namespace

ops::Parameter SyntheticWeights::take(const std::string& name, const tensor::Shape& shape) {
  const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()));
  const Spread spread = spread_of(name, shape);
  std::uint64_t state = 0xCBF29CE484222325ULL;
  for (const char c : name) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;  // FNV-1a
  state |= 1;
  // A uniform number of variance one lies in [-sqrt(3), sqrt(3)].
  const float scale = spread.deviation * std::sqrt(3.0F) * 0x1p-31F;
  for (float& value : *values) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    value = spread.mean + scale * static_cast<float>(static_cast<std::int32_t>(state >> 32));
  }
  return {name, shape, tensor::DType::kF32, values->data(), values};
}

}  // namespace mi2::models
