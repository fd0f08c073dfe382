#pragma once
// Classifiers of scikit-learn as adapters: standardisation, then a network or a support vector machine, in double
// precision. What there is of each is its shape; the numbers are tensors, as of the other kinds of adapters.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace mi2::adapter {

struct AdapterDescription;
struct AdapterTensor;

enum class Activation : std::uint8_t { kIdentity, kLogistic, kTanh, kRelu };
/// From the last layer's numbers to scores.
enum class Squash : std::uint8_t {
  kSoftmax,    ///< sums to 1
  kLogistic,   ///< each label on its own
  kOneVsRest,  ///< logistic, then divided by the sum
};
enum class Kernel : std::uint8_t { kLinear, kRbf };

// scikit-learn's names, and ours of Squash: "softmax", "logistic", "one_vs_rest".
std::string_view name_of(Activation activation) noexcept;
std::string_view name_of(Squash squash) noexcept;
std::string_view name_of(Kernel kernel) noexcept;
std::optional<Activation> parse_activation(std::string_view name) noexcept;
std::optional<Squash> parse_squash(std::string_view name) noexcept;
std::optional<Kernel> parse_kernel(std::string_view name) noexcept;

/// Layers with an activation after all but the last. Without hidden layers it is logistic regression.
struct NetworkShape {
  std::vector<std::int64_t> hidden;  ///< widths
  Activation activation = Activation::kRelu;
  Squash squash = Squash::kSoftmax;
};

/// libsvm's classifier with one machine for each pair of labels, and Platt's probabilities.
struct MachineShape {
  Kernel kernel = Kernel::kLinear;
  double gamma = 0;                   ///< kRbf: exp(-gamma * squared distance)
  std::vector<std::int64_t> support;  ///< support vectors of each label
};

/// One of `network` and `machine`.
struct PipelineShape {
  std::int64_t scalers = 0;  ///< how often (x - mean) / scale comes first
  std::optional<NetworkShape> network;
  std::optional<MachineShape> machine;
};

/// Of all tensors of a pipeline.
inline constexpr std::int64_t kMaxPipelineNumbers = std::int64_t{1} << 25;

/// As layout_of() of an adapter.hpp, of kPipeline: "scalers.0.mean" [in], "scalers.0.scale"; then "layers.0.weight"
/// [out, in], "layers.0.bias" and so on; or "svm.vectors" [n, in], "svm.dual" [labels - 1, n], "svm.intercept" [pairs],
/// "svm.prob_a", "svm.prob_b", in libsvm's signs, pairs in the order 0-1, 0-2, .., 1-2, ..
/// @throws Error{kBadArgument} for a shape that makes no sense or is too large.
std::vector<AdapterTensor> pipeline_layout(const AdapterDescription& description);

/// Scores of all labels. @param tensors  in the layout's order. @param embedding  as long as the description says.
/// @throws Error{kBadArgument} for scores that are not finite.
/// Source: scikit-learn's StandardScaler, MLPClassifier, LogisticRegression; libsvm's svm_predict_probability.
std::vector<double> pipeline_scores(const AdapterDescription& description, std::span<const AdapterTensor> tensors,
                                    std::span<const float> embedding);

/// What the last layer of a network with hidden layers is given. @throws as pipeline_scores().
std::vector<double> pipeline_features(const AdapterDescription& description, std::span<const AdapterTensor> tensors,
                                      std::span<const float> embedding);

}  // namespace mi2::adapter
