#include "models/sharing.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>

namespace mi2::models {
namespace {

constexpr double kMostExponent = 24;
/// Weights beyond this could overflow when they grow.
constexpr float kLargestWeight = 1e25F;

/// The largest magnitude of each column of [out, in, taps].
std::vector<float> column_maxima(const ops::Parameter& weight) {
  const auto in = static_cast<std::size_t>(weight.shape[1]);
  const std::size_t taps = static_cast<std::size_t>(weight.shape.count()) / (weight.shape[0] * in);
  std::vector<float> row(in * taps);
  std::vector<float> maxima(in, 0.0F);
  const auto* bytes = static_cast<const std::byte*>(weight.data);
  for (std::int64_t n = 0; n < weight.shape[0]; ++n) {
    tensor::convert_to_f32(weight.dtype, bytes + n * row.size() * size_of(weight.dtype), row.data(), row.size());
    for (std::size_t i = 0; i < row.size(); ++i) maxima[i / taps] = std::max(maxima[i / taps], std::abs(row[i]));
  }
  return maxima;
}

std::string bias_of(const std::string& norm) {
  return norm.substr(0, norm.size() - std::string_view("weight").size()) + "bias";
}

/// `parameter` as f32, its element i times 2^(sign * exponents[channel_of(i)]).
template <typename ChannelOf>
ops::Parameter scaled(const ops::Parameter& parameter, const std::vector<std::int8_t>& exponents, int sign,
                      const ChannelOf& channel_of) {
  const auto values = std::make_shared<std::vector<float>>(parameter.to_floats());
  for (std::size_t i = 0; i < values->size(); ++i) {
    (*values)[i] = std::ldexp((*values)[i], sign * exponents[channel_of(i)]);
  }
  return {parameter.name, parameter.shape, tensor::DType::kF32, values->data(), values};
}

}  // namespace

std::vector<std::int8_t> shared_exponents(const std::vector<float>& largest, const ops::Parameter& weight) {
  const std::vector<float> columns = column_maxima(weight);
  std::vector<std::int8_t> exponents(columns.size(), 0);
  std::vector<std::optional<double>> wanted(columns.size());
  std::vector<double> known;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!(largest[c] > 0) || !(columns[c] > 0) || !std::isfinite(largest[c]) || columns[c] > kLargestWeight) continue;
    wanted[c] = (std::log2(static_cast<double>(largest[c])) - std::log2(static_cast<double>(columns[c]))) / 2;
    known.push_back(*wanted[c]);
  }
  if (known.empty()) return exponents;
  const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
  std::nth_element(known.begin(), middle, known.end());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!wanted[c]) continue;
    exponents[c] =
        static_cast<std::int8_t>(std::clamp(std::trunc(*wanted[c] - *middle), -kMostExponent, kMostExponent));
  }
  return exponents;
}

ops::Parameter shared(const Sharing& sharing, const ops::Parameter& parameter) {
  if (const auto found = sharing.find(parameter.name); found != sharing.end()) {
    const auto in = static_cast<std::size_t>(parameter.shape[1]);
    const std::size_t taps = static_cast<std::size_t>(parameter.shape.count()) / (parameter.shape[0] * in);
    return scaled(parameter, found->second.exponents, 1, [&](std::size_t i) { return i / taps % in; });
  }
  for (const auto& [layer, how] : sharing) {
    if (parameter.name != how.norm && parameter.name != bias_of(how.norm)) continue;
    return scaled(parameter, how.exponents, -1, [](std::size_t i) { return i; });
  }
  return parameter;
}

}  // namespace mi2::models
