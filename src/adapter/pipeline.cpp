#include "adapter/pipeline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/adapter.hpp"
#include "adapter/pair_coupling.hpp"

namespace mi2::adapter {
namespace {

constexpr std::int64_t kMaxScalers = 8;
constexpr std::size_t kMaxHidden = 64;
constexpr std::int64_t kMaxWidth = 1 << 16;
constexpr std::size_t kMaxMachineLabels = 1000;  ///< every two of them have a machine

template <typename Word>
using Words = std::pair<Word, std::string_view>;

constexpr std::array<Words<Activation>, 4> kActivations{{{Activation::kIdentity, "identity"},
                                                         {Activation::kLogistic, "logistic"},
                                                         {Activation::kTanh, "tanh"},
                                                         {Activation::kRelu, "relu"}}};
constexpr std::array<Words<Squash>, 3> kSquashes{
    {{Squash::kSoftmax, "softmax"}, {Squash::kLogistic, "logistic"}, {Squash::kOneVsRest, "one_vs_rest"}}};
constexpr std::array<Words<Kernel>, 2> kKernels{{{Kernel::kLinear, "linear"}, {Kernel::kRbf, "rbf"}}};

template <typename Table, typename Word>
std::string_view word_of(const Table& table, Word word) noexcept {
  for (const auto& row : table) {
    if (row.first == word) return row.second;
  }
  return {};
}

template <typename Word, std::size_t kRows>
std::optional<Word> find_word(const std::array<Words<Word>, kRows>& table, std::string_view name) noexcept {
  for (const auto& row : table) {
    if (row.second == name) return row.first;
  }
  return std::nullopt;
}

[[noreturn]] void refuse_shape(std::string_view what) {
  throw Error(Code::kBadArgument, fmt::format("adapter: pipeline: {}", what));
}

void check_network(const NetworkShape& network) {
  if (network.hidden.size() > kMaxHidden) refuse_shape(fmt::format("more than {} hidden layers", kMaxHidden));
  for (const std::int64_t width : network.hidden) {
    if (width < 1 || width > kMaxWidth) {
      refuse_shape(fmt::format("hidden: expected widths of 1 to {}, got {}", kMaxWidth, width));
    }
  }
}

/// @returns how many vectors there are.
std::int64_t check_machine(const MachineShape& machine, std::size_t labels) {
  if (labels < 2 || machine.support.size() != labels) {
    refuse_shape(fmt::format("support: expected a number for each of two or more labels, got {} for {} labels",
                             machine.support.size(), labels));
  }
  if (labels > kMaxMachineLabels) {
    refuse_shape(fmt::format("a machine of {} labels, the most is {}", labels, kMaxMachineLabels));
  }
  if (!std::isfinite(machine.gamma) || machine.gamma < 0) refuse_shape("gamma: expected a number of at least 0");
  std::int64_t vectors = 0;
  for (const std::int64_t count : machine.support) {
    if (count < 0 || count > kMaxPipelineNumbers || vectors > kMaxPipelineNumbers) {
      refuse_shape("support: numbers of support vectors that make no sense");
    }
    vectors += count;
  }
  if (vectors < 1) refuse_shape("support: no support vector");
  return vectors;
}

std::int64_t numbers_in(const AdapterTensor& tensor) {
  std::int64_t count = 1;
  for (const std::int64_t extent : tensor.shape) {
    if (extent > kMaxPipelineNumbers / count) refuse_shape("has more numbers than a pipeline may have");
    count *= extent;
  }
  return count;
}

std::vector<double> standardised(std::vector<double> x, std::span<const double> mean, std::span<const double> scale) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = (x[i] - mean[i]) / scale[i];
  return x;
}

std::vector<double> layer(std::span<const double> x, const AdapterTensor& weight, const AdapterTensor& bias) {
  std::vector<double> y = bias.precise;
  for (std::size_t o = 0; o < y.size(); ++o) {
    y[o] += std::inner_product(x.begin(), x.end(), weight.precise.data() + o * x.size(), 0.0);
  }
  return y;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

void activate(Activation activation, std::span<double> x) {
  for (double& value : x) {
    switch (activation) {
      case Activation::kIdentity:
        break;
      case Activation::kLogistic:
        value = logistic(value);
        break;
      case Activation::kTanh:
        value = std::tanh(value);
        break;
      case Activation::kRelu:
        value = std::max(value, 0.0);
        break;
    }
  }
}

void squash(Squash how, std::vector<double>& x) {
  if (how == Squash::kSoftmax) {
    const double top = *std::max_element(x.begin(), x.end());
    for (double& value : x) value = std::exp(value - top);
  } else {
    for (double& value : x) value = logistic(value);
  }
  if (how == Squash::kLogistic) return;
  const double sum = std::accumulate(x.begin(), x.end(), 0.0);
  for (double& value : x) value /= sum;
}

/// The embedding through the scalers. @returns it and the tensors after theirs.
std::pair<std::vector<double>, std::span<const AdapterTensor>> scaled(const PipelineShape& shape,
                                                                      std::span<const AdapterTensor> tensors,
                                                                      std::span<const float> embedding) {
  std::vector<double> x(embedding.begin(), embedding.end());
  for (std::int64_t i = 0; i < shape.scalers; ++i) {
    x = standardised(std::move(x), tensors[0].precise, tensors[1].precise);
    tensors = tensors.subspan(2);
  }
  return {std::move(x), tensors};
}

std::vector<double> hidden_of(const NetworkShape& network, std::vector<double> x,
                              std::span<const AdapterTensor>& tensors) {
  for (std::size_t i = 0; i < network.hidden.size(); ++i) {
    x = layer(x, tensors[0], tensors[1]);
    activate(network.activation, x);
    tensors = tensors.subspan(2);
  }
  return x;
}

double kernel_of(const MachineShape& machine, std::span<const double> x, const double* vector) {
  if (machine.kernel == Kernel::kLinear) return std::inner_product(x.begin(), x.end(), vector, 0.0);
  double squared = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squared += (x[i] - vector[i]) * (x[i] - vector[i]);
  return std::exp(-machine.gamma * squared);
}

std::vector<double> machine_scores(const MachineShape& machine, std::span<const double> x,
                                   std::span<const AdapterTensor> tensors) {
  const std::vector<double>& dual = tensors[1].precise;
  const auto vectors = static_cast<std::size_t>(tensors[0].shape[0]);
  std::vector<double> near(vectors);
  for (std::size_t v = 0; v < vectors; ++v) near[v] = kernel_of(machine, x, tensors[0].precise.data() + v * x.size());
  const std::size_t labels = machine.support.size();
  std::vector<std::size_t> start(labels + 1);
  for (std::size_t c = 0; c < labels; ++c) start[c + 1] = start[c] + static_cast<std::size_t>(machine.support[c]);
  // What the vectors of a label say, by the coefficients of the machine against another label.
  const auto said = [&](std::size_t of, std::size_t row) {
    return std::inner_product(near.begin() + static_cast<std::ptrdiff_t>(start[of]),
                              near.begin() + static_cast<std::ptrdiff_t>(start[of + 1]),
                              dual.begin() + static_cast<std::ptrdiff_t>(row * vectors + start[of]), 0.0);
  };
  std::vector<double> pairs(labels * labels);
  std::size_t pair = 0;
  for (std::size_t i = 0; i < labels; ++i) {
    for (std::size_t j = i + 1; j < labels; ++j, ++pair) {
      const double decision = said(i, j - 1) + said(j, i) + tensors[2].precise[pair];
      pairs[i * labels + j] = pair_probability(decision, tensors[3].precise[pair], tensors[4].precise[pair]);
      pairs[j * labels + i] = 1 - pairs[i * labels + j];
    }
  }
  return couple(pairs, labels);
}

std::vector<double> all_finite(std::vector<double> scores) {
  if (std::all_of(scores.begin(), scores.end(), [](double score) { return std::isfinite(score); })) return scores;
  throw Error(Code::kBadArgument, "adapter: the pipeline's numbers lead to scores that are not finite");
}

}  // namespace

std::string_view name_of(Activation activation) noexcept { return word_of(kActivations, activation); }
std::string_view name_of(Squash squash) noexcept { return word_of(kSquashes, squash); }
std::string_view name_of(Kernel kernel) noexcept { return word_of(kKernels, kernel); }
std::optional<Activation> parse_activation(std::string_view name) noexcept { return find_word(kActivations, name); }
std::optional<Squash> parse_squash(std::string_view name) noexcept { return find_word(kSquashes, name); }
std::optional<Kernel> parse_kernel(std::string_view name) noexcept { return find_word(kKernels, name); }

std::vector<AdapterTensor> pipeline_layout(const AdapterDescription& description) {
  if (!description.pipeline) refuse_shape("is missing");
  if (description.labels.empty() || description.in_channels < 1) refuse_shape("has no labels or takes no numbers");
  const PipelineShape& shape = *description.pipeline;
  if (shape.network.has_value() == shape.machine.has_value()) refuse_shape("expected a network or a machine");
  if (shape.scalers < 0 || shape.scalers > kMaxScalers) {
    refuse_shape(fmt::format("scalers: expected 0 to {}, got {}", kMaxScalers, shape.scalers));
  }
  const std::int64_t in = description.in_channels;
  const auto labels = static_cast<std::int64_t>(description.labels.size());
  std::vector<AdapterTensor> layout;
  for (std::int64_t i = 0; i < shape.scalers; ++i) {
    layout.push_back({fmt::format("scalers.{}.mean", i), {in}, {}});
    layout.push_back({fmt::format("scalers.{}.scale", i), {in}, {}});
  }
  if (shape.network) {
    check_network(*shape.network);
    std::int64_t width = in;
    for (std::size_t i = 0; i <= shape.network->hidden.size(); ++i) {
      const std::int64_t out = i < shape.network->hidden.size() ? shape.network->hidden[i] : labels;
      layout.push_back({fmt::format("layers.{}.weight", i), {out, width}, {}});
      layout.push_back({fmt::format("layers.{}.bias", i), {out}, {}});
      width = out;
    }
  } else {
    const std::int64_t vectors = check_machine(*shape.machine, description.labels.size());
    const std::int64_t pairs = labels * (labels - 1) / 2;
    layout.push_back({"svm.vectors", {vectors, in}, {}});
    layout.push_back({"svm.dual", {labels - 1, vectors}, {}});
    for (const char* name : {"svm.intercept", "svm.prob_a", "svm.prob_b"}) layout.push_back({name, {pairs}, {}});
  }
  std::int64_t numbers = 0;
  for (const AdapterTensor& tensor : layout) {
    numbers += numbers_in(tensor);
    if (numbers > kMaxPipelineNumbers) refuse_shape("has more numbers than a pipeline may have");
  }
  return layout;
}

std::vector<double> pipeline_scores(const AdapterDescription& description, std::span<const AdapterTensor> tensors,
                                    std::span<const float> embedding) {
  const PipelineShape& shape = *description.pipeline;
  auto [x, rest] = scaled(shape, tensors, embedding);
  if (shape.machine) return all_finite(machine_scores(*shape.machine, x, rest));
  const std::vector<double> hidden = hidden_of(*shape.network, std::move(x), rest);
  std::vector<double> scores = layer(hidden, rest[0], rest[1]);
  squash(shape.network->squash, scores);
  return all_finite(std::move(scores));
}

std::vector<double> pipeline_features(const AdapterDescription& description, std::span<const AdapterTensor> tensors,
                                      std::span<const float> embedding) {
  auto [x, rest] = scaled(*description.pipeline, tensors, embedding);
  return all_finite(hidden_of(*description.pipeline->network, std::move(x), rest));
}

}  // namespace mi2::adapter
