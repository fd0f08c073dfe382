#include "weights/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/nearest.hpp"

namespace mi2::weights {
namespace {

constexpr std::size_t kShownNeighbours = 3;
constexpr std::size_t kSearchedNames = 4096;
constexpr std::size_t kLongestName = 256;
constexpr std::int64_t kMaxPositions = 1 << 20;

/// A prefix that every name carries, as training wrappers leave it.
std::string_view shared_prefix(const std::vector<TensorInfo>& tensors) {
  constexpr std::array<std::string_view, 2> kPrefixes{"module.", "model."};
  for (const std::string_view prefix : kPrefixes) {
    if (!tensors.empty() && std::all_of(tensors.begin(), tensors.end(),
                                        [&](const TensorInfo& tensor) { return tensor.name.starts_with(prefix); })) {
      return prefix;
    }
  }
  return {};
}

/// Rows of `values` [n, width] resampled to [length, width].
/// Source: torch.nn.functional.interpolate, mode 'linear', align_corners=False, in f32.
std::vector<float> interpolate(const std::vector<float>& values, std::int64_t width, std::int64_t length) {
  const std::int64_t n = static_cast<std::int64_t>(values.size()) / width;
  const float scale = static_cast<float>(n) / static_cast<float>(length);
  std::vector<float> result(static_cast<std::size_t>(length * width));
  for (std::int64_t row = 0; row < length; ++row) {
    const float position = std::max(scale * (static_cast<float>(row) + 0.5F) - 0.5F, 0.0F);
    const std::int64_t below = std::min(static_cast<std::int64_t>(position), n - 1);
    const std::int64_t above = std::min(below + 1, n - 1);
    const float weight = std::min(position - static_cast<float>(below), 1.0F);
    for (std::int64_t column = 0; column < width; ++column) {
      result[row * width + column] =
          (1 - weight) * values[below * width + column] + weight * values[above * width + column];
    }
  }
  return result;
}

}  // namespace

bool is_shape_for(const tensor::Shape& found, const tensor::Shape& wanted) {
  return found == wanted || (wanted.rank() == 0 && found.rank() == 1 && found[0] == 1);
}

Checkpoint::Checkpoint(const std::filesystem::path& weights) : Checkpoint(SafeTensors(weights)) {}

Checkpoint::Checkpoint(const StoredWeights& weights) : Checkpoint(SafeTensors(weights.file)) {
  lora_ = weights.lora;
  if (!lora_) return;
  for (const std::string& name : lora_->changed()) {
    if (left_.contains(name)) continue;
    throw Error(Code::kBadFile, fmt::format("{}: changes the weight {}, which the model does not have", lora_->name(),
                                            in_quotes(name)));
  }
}

Checkpoint::Checkpoint(SafeTensors file) : file_(std::move(file)) {
  const std::vector<TensorInfo>& tensors = file_.tensors();
  const std::size_t prefix = shared_prefix(tensors).size();
  std::string_view witness;
  for (std::size_t row = 0; row < tensors.size(); ++row) {
    const std::string_view name = std::string_view(tensors[row].name).substr(prefix);
    const Naming naming = naming_of(name);
    if (naming != Naming::kNeutral && naming_ != Naming::kNeutral && naming != naming_) {
      throw Error(Code::kBadFile, fmt::format("{}: mixes two naming schemes: {} and {}", file_.name(),
                                              in_quotes(witness), in_quotes(name)));
    }
    if (naming_ == Naming::kNeutral && naming != Naming::kNeutral) {
      naming_ = naming;
      witness = name;
    }
    left_.emplace(current_name(name), row);
  }
}

ops::Parameter Checkpoint::take_any(const std::string& name) {
  const auto found = left_.find(name);
  if (found == left_.end()) fail_missing(name);
  ops::Parameter parameter = file_.parameter(file_.tensors()[found->second].name);
  left_.erase(found);
  parameter.name = name;
  return lora_ ? lora_->applied(parameter) : parameter;
}

/// The file that an error about a tensor is about.
const std::string& Checkpoint::origin_of(const std::string& name) const {
  return lora_ && lora_->changes(name) ? lora_->name() : file_.name();
}

ops::Parameter Checkpoint::take(const std::string& name, const tensor::Shape& shape) {
  ops::Parameter parameter = take_any(name);
  if (!is_shape_for(parameter.shape, shape)) fail_shape(parameter, shape);
  parameter.shape = shape;
  check_finite(parameter);
  return parameter;
}

void Checkpoint::check_finite(const ops::Parameter& parameter) const {
  if (tensor::all_finite(parameter.dtype, parameter.data, static_cast<std::size_t>(parameter.shape.count()))) return;
  throw Error(Code::kBadFile, fmt::format("{}: tensor {} holds a NaN or an infinity, expected finite numbers",
                                          origin_of(parameter.name), in_quotes(parameter.name)));
}

ops::Parameter Checkpoint::take_positions(const std::string& name, const tensor::Shape& wanted) {
  ops::Parameter parameter = take_any(name);
  if (parameter.shape == wanted) {
    check_finite(parameter);
    return parameter;
  }
  const tensor::Shape& found = parameter.shape;
  if (found.rank() != 2 || found[1] != wanted[1] || found[0] < 1 || found[0] > kMaxPositions) {
    fail_shape(parameter, wanted);
  }
  check_finite(parameter);
  const auto values =
      std::make_shared<const std::vector<float>>(interpolate(parameter.to_floats(), wanted[1], wanted[0]));
  return {name, wanted, tensor::DType::kF32, values->data(), std::shared_ptr<const void>(values, values->data())};
}

void Checkpoint::finish() const {
  file_.check();
  std::vector<std::string> names;
  std::size_t count = 0;
  for (const auto& [name, row] : left_) {
    if (is_known_buffer(name)) continue;
    if (++count <= kShownLeftOvers) names.push_back(in_quotes(file_.tensors()[row].name));
  }
  if (count == 0) return;
  throw Error(Code::kBadFile, fmt::format("{}: {} tensors the model does not have: {}{}", file_.name(), count,
                                          fmt::join(names, ", "), count > names.size() ? ", ..." : ""));
}

void Checkpoint::fail_missing(const std::string& name) const {
  std::vector<std::pair<std::size_t, std::string>> near;
  std::size_t searched = 0;
  for (const auto& [other, row] : left_) {
    if (++searched > kSearchedNames) break;
    if (other.size() > kLongestName) continue;
    const std::size_t distance = base::edit_distance(name, other);
    if (distance <= name.size() / 4 + 1) near.emplace_back(distance, in_quotes(other));
  }
  std::sort(near.begin(), near.end());
  near.resize(std::min(near.size(), kShownNeighbours));
  std::vector<std::string> shown;
  for (auto& [distance, other] : near) shown.push_back(std::move(other));
  throw Error(Code::kBadFile,
              fmt::format("{}: tensor {} is missing{}", file_.name(), in_quotes(name),
                          shown.empty() ? "" : fmt::format("; the nearest in the file: {}", fmt::join(shown, ", "))));
}

void Checkpoint::fail_shape(const ops::Parameter& found, const tensor::Shape& wanted) const {
  throw Error(Code::kBadFile, fmt::format("{}: tensor {} has shape {}, expected {}", origin_of(found.name),
                                          in_quotes(found.name), found.shape.to_string(), wanted.to_string()));
}

}  // namespace mi2::weights
