#pragma once
// An adapter: a small head on embeddings, trained while the model stays as it is. Inference in plain C++.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/classifier.hpp>
#include <mi2/matrix.hpp>
#include <mi2/provenance.hpp>

#include "adapter/pipeline.hpp"
#include "evaluation/roc.hpp"

namespace mi2::adapter {

enum class AdapterKind : std::uint8_t {
  kLinear,    ///< one matrix: multinomial logistic regression
  kMlp,       ///< the toolkit's adapter, see layout_of()
  kPipeline,  ///< of scikit-learn, see pipeline.hpp
};

/// "linear", "mlp" or "pipeline"
std::string_view name_of(AdapterKind kind) noexcept;
/// @throws Error{kBadArgument} for another name.
AdapterKind parse_kind(std::string_view name);

/// What an adapter answers with.
enum class Target : std::uint8_t {
  kLabel,     ///< one of its labels: softmax
  kFindings,  ///< any of its labels, each there or not: logistic
  kNumber,    ///< a number in the unit of its truth, such as an age in months
  kOrdinal,   ///< one of its labels, which are numbers from the smallest up, such as grades: proportional odds
  kSurvival,  ///< the logarithm of a hazard relative to others' (Cox): the larger, the earlier the event is expected
};

/// "label", "findings", "number", "ordinal" or "survival"
std::string_view name_of(Target target) noexcept;
/// @throws Error{kBadArgument} for another name.
Target parse_target(std::string_view name);
/// Whether the answer is one number, and no scores of labels.
constexpr bool is_one_number(Target target) noexcept {
  return target == Target::kNumber || target == Target::kSurvival;
}
/// Whether each row has one of the labels.
constexpr bool is_one_label(Target target) noexcept { return target == Target::kLabel || target == Target::kOrdinal; }
/// Most labels of kOrdinal: a fit has a square of numbers over them.
inline constexpr std::size_t kMaxLevels = 256;

/// Thresholds on a label's probability, chosen on rows the adapter was not trained on; missing where those had only one
/// outcome. Of an imported pipeline, sensitivity and specificity are not known and NaN.
struct Thresholds {
  std::optional<evaluation::OperatingPoint> youden;
  std::optional<evaluation::OperatingPoint> sensitive;  ///< sensitivity at least kSensitivity
};
inline constexpr double kSensitivity = 0.90;

/// All of an adapter but its numbers: what the .json of the pair holds.
struct AdapterDescription {
  AdapterKind kind = AdapterKind::kLinear;
  Target target = Target::kLabel;            ///< kLabel of kPipeline
  std::int64_t in_channels = 0;              ///< length of an embedding
  std::int64_t hidden_dim = 0;               ///< kMlp only
  std::optional<PipelineShape> pipeline{};   ///< kPipeline only
  std::vector<std::string> labels;           ///< of one number its only name: what it measures; kOrdinal: ascending
  double temperature = 1;                    ///< of kLabel: logits are divided by it before the softmax; else 1
  std::vector<Thresholds> operating_points;  ///< one per label, or none at all
  std::optional<Provenance> embeddings;      ///< of the vectors it was trained on, when known
  std::map<std::string, double> training;    ///< settings it was trained with
  std::string evaluated_on;                  ///< the rows of `metrics`: "test"; empty: nothing is known
  std::map<std::string, double> metrics;     ///< "accuracy", "mean_auc", ..
};

/// A tensor of an adapter as its file has it.
struct AdapterTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;      ///< row-major
  std::vector<double> precise{};  ///< of kPipeline, in place of `values`
};

/// The names and shapes of an adapter's tensors, in the order of its file. kLinear: "weight" [labels, in_channels],
/// "bias". kMlp is the toolkit's AdapterModel: Linear(in_channels, 512), GELU, Linear(512, 512), LayerNorm, then two
/// convolutions of kernel 3 (512 to hidden_dim to hidden_dim, GELU between) over a sequence of length one, of which
/// only the middle tap meets data, then Linear(hidden_dim, labels). Source: microsoft/healthcareai-examples,
/// package/model_library/embedding.py. kOrdinal, of kLinear alone: "weight" [1, in_channels] and "bias" [labels - 1],
/// strictly descending: weight . x + bias[k] is the logit of a label above the k-th.
/// Source: McCullagh, J. R. Statist. Soc. B 1980, section 2.1.
std::vector<AdapterTensor> layout_of(const AdapterDescription& description);
inline constexpr std::int64_t kMlpWidth = 512;

/// The labels of kOrdinal as numbers. @throws Error{kBadArgument} unless each is one, and larger than the one before.
std::vector<double> levels_of(const AdapterDescription& description);

class Adapter {
 public:
  /// @throws Error{kBadArgument} naming what is wrong: no label, a label twice or empty, sizes out of range, a tensor
  ///         missing, left over, of another shape or not finite.
  Adapter(AdapterDescription description, const std::vector<AdapterTensor>& tensors);

  /// Loads an adapter. @param path  NAME of NAME.json and NAME.safetensors, either of these two files, or a folder of
  /// the
  ///         toolkit: config.json {"in_channels", "hidden_dim", "labels"} and one *.safetensors beside it.
  /// @throws Error{kNotFound}; {kBadFile} naming the file and what is wrong in it; {kUnsupported} for a later format or
  /// a
  ///         pickle, saying how to convert it.
  static Adapter open(const std::filesystem::path& path);

  /// Writes NAME.safetensors and NAME.json, each whole or not at all; the .json names the other's hash, so that a pair
  /// of two different adapters is refused.
  /// @param stem        the path without suffix.
  /// @param on_written  called when everything is on the disk and nothing has its name yet.
  /// @throws Error{kBadFile} when the disk refuses.
  void save(const std::filesystem::path& stem, const std::function<void()>& on_written = {}) const;

  [[nodiscard]] const AdapterDescription& description() const noexcept { return description_; }
  [[nodiscard]] const std::vector<std::string>& labels() const noexcept { return description_.labels; }

  /// One number per label, in the order of labels(), before temperature and softmax; of kOrdinal the logarithms of
  /// their probabilities.
  /// @throws Error{kBadArgument} for an embedding of another length; {kUnsupported} of kPipeline, which has none.
  [[nodiscard]] std::vector<double> logits(std::span<const float> embedding) const;
  /// Softmax of logits / temperature, in the order of labels(); of kFindings each logit's logistic, and of kPipeline
  /// its own scores, which may not sum to 1.
  /// @throws Error{kBadArgument} for an embedding of another length, or scores that are not finite; {kUnsupported}
  ///         where the answer is one number.
  [[nodiscard]] std::vector<double> probabilities(std::span<const float> embedding) const;
  /// As probabilities(), best first; equal scores keep the labels' order. @throws as probabilities().
  [[nodiscard]] std::vector<LabelScore> classify(std::span<const float> embedding) const;

  /// The answer that is one number, under its name; of kOrdinal "expected", the labels' mean by their probabilities.
  /// @throws Error{kBadArgument} for an embedding of another length; {kUnsupported} where the answer is scores.
  [[nodiscard]] LabelScore number(std::span<const float> embedding) const;

  /// How many numbers features() has; 0: an adapter of one layer has none.
  [[nodiscard]] std::size_t feature_dimensions() const noexcept;
  /// What the last layer is given: the embedding as this adapter sees it.
  /// @throws as probabilities(); Error{kUnsupported} where there are none.
  [[nodiscard]] std::vector<float> features(std::span<const float> embedding) const;
  /// Names the adapter's numbers: the hash of its tensors' bytes.
  [[nodiscard]] std::string data_sha256() const;

 private:
  /// y = W x + b.
  struct Affine {
    std::size_t in = 0;
    std::size_t out = 0;
    std::vector<float> weight;  ///< [out, in]
    std::vector<float> bias;    ///< [out]
    [[nodiscard]] std::vector<double> operator()(std::span<const double> x) const;
  };
  struct Norm {
    std::vector<float> weight;
    std::vector<float> bias;
  };
  void set_layers();
  void set_cuts();
  void check_length(std::span<const float> embedding) const;
  /// kMlp: up to the last layer.
  [[nodiscard]] std::vector<double> hidden(std::span<const float> embedding) const;
  /// All tensors' numbers as they lie in the file.
  [[nodiscard]] std::vector<std::byte> data() const;

  AdapterDescription description_;
  std::vector<AdapterTensor> tensors_;
  std::vector<Affine> layers_;  ///< kLinear: one; kMlp: five
  std::vector<double> cuts_;    ///< kOrdinal: "bias"
  std::vector<double> levels_;  ///< kOrdinal: levels_of()
  Norm norm_;                   ///< kMlp
};

}  // namespace mi2::adapter
