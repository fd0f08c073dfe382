#include "adapter/adapter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "evaluation/scores.hpp"

namespace mi2::adapter {
namespace {

constexpr std::int64_t kMaxChannels = 1 << 16;
constexpr std::size_t kMaxLabels = 100'000;
constexpr double kNormEpsilon = 1e-5;  // torch.nn.LayerNorm's

void check_labels(const std::vector<std::string>& labels) {
  if (labels.empty() || labels.size() > kMaxLabels) {
    throw Error(Code::kBadArgument,
                fmt::format("adapter: expected 1 to {1} labels, got {0}", labels.size(), kMaxLabels));
  }
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) throw Error(Code::kBadArgument, fmt::format("adapter: label {} is empty", i + 1));
    if (!seen.insert(labels[i]).second) {
      throw Error(Code::kBadArgument, fmt::format("adapter: label {} is a duplicate", i + 1));
    }
  }
}

void check_size(std::string_view name, std::int64_t size) {
  if (size >= 1 && size <= kMaxChannels) return;
  throw Error(Code::kBadArgument, fmt::format("adapter: {0}: expected 1 to {2}, got {1}", name, size, kMaxChannels));
}

void check_ordinal(const AdapterDescription& description) {
  if (description.kind != AdapterKind::kLinear) {
    throw Error(Code::kBadArgument, fmt::format("adapter: target ordinal: expected an adapter of kind linear, got {}",
                                                name_of(description.kind)));
  }
  if (description.labels.size() < 2 || description.labels.size() > kMaxLevels ||
      !description.operating_points.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("adapter: target ordinal: expected 2 to {} labels and no operating points, got {} and {}",
                            kMaxLevels, description.labels.size(), description.operating_points.size()));
  }
}

void check_description(const AdapterDescription& description) {
  check_labels(description.labels);
  check_size("in_channels", description.in_channels);
  if (description.kind == AdapterKind::kMlp) check_size("hidden_dim", description.hidden_dim);
  if (description.pipeline.has_value() != (description.kind == AdapterKind::kPipeline)) {
    throw Error(Code::kBadArgument, "adapter: expected a pipeline's shape of a pipeline, and of nothing else");
  }
  if (description.target != Target::kLabel && description.kind == AdapterKind::kPipeline) {
    throw Error(Code::kBadArgument, "adapter: target: of a pipeline expected label");
  }
  if (is_one_number(description.target) && (description.labels.size() != 1 || !description.operating_points.empty())) {
    throw Error(
        Code::kBadArgument,
        fmt::format("adapter: target {}: expected one name and no operating points, got {} and {}",
                    name_of(description.target), description.labels.size(), description.operating_points.size()));
  }
  if (description.target == Target::kOrdinal) check_ordinal(description);
  if (description.target != Target::kLabel && description.temperature != 1) {
    throw Error(Code::kBadArgument, fmt::format("adapter: temperature: of target {} expected 1, got {}",
                                                name_of(description.target), description.temperature));
  }
  if (!(description.temperature > 0 && std::isfinite(description.temperature))) {
    throw Error(Code::kBadArgument,
                fmt::format("adapter: temperature: expected a number above 0, got {}", description.temperature));
  }
  if (!description.operating_points.empty() && description.operating_points.size() != description.labels.size()) {
    throw Error(Code::kBadArgument, fmt::format("adapter: {} operating points for {} labels",
                                                description.operating_points.size(), description.labels.size()));
  }
}

void check_tensor(const AdapterTensor& found, const AdapterTensor& wanted, bool precise) {
  if (found.shape != wanted.shape) {
    throw Error(Code::kBadArgument, fmt::format("adapter: tensor '{0}': expected shape [{2}], got [{1}]", wanted.name,
                                                fmt::join(found.shape, ", "), fmt::join(wanted.shape, ", ")));
  }
  const auto count = std::accumulate(wanted.shape.begin(), wanted.shape.end(), std::int64_t{1}, std::multiplies<>());
  const auto whole = [&](const auto& numbers) {
    return static_cast<std::int64_t>(numbers.size()) == count &&
           std::all_of(numbers.begin(), numbers.end(), [](auto value) { return std::isfinite(value); });
  };
  if (precise ? !found.values.empty() || !whole(found.precise) : !found.precise.empty() || !whole(found.values)) {
    throw Error(Code::kBadArgument,
                fmt::format("adapter: tensor '{}': expected {} finite numbers", wanted.name, count));
  }
}

/// The tensors in the layout's order, each there once and as it should be.
std::vector<AdapterTensor> in_order(const std::vector<AdapterTensor>& tensors, const AdapterDescription& description) {
  std::vector<AdapterTensor> ordered;
  for (const AdapterTensor& wanted : layout_of(description)) {
    const auto named = [&](const AdapterTensor& tensor) { return tensor.name == wanted.name; };
    const auto found = std::find_if(tensors.begin(), tensors.end(), named);
    if (found == tensors.end()) {
      throw Error(Code::kBadArgument, fmt::format("adapter: has no tensor '{}', which a {} adapter has", wanted.name,
                                                  name_of(description.kind)));
    }
    check_tensor(*found, wanted, description.kind == AdapterKind::kPipeline);
    if (wanted.name.ends_with(".scale") && std::count(found->precise.begin(), found->precise.end(), 0.0) > 0) {
      throw Error(Code::kBadArgument, fmt::format("adapter: tensor '{}': expected no zeros", wanted.name));
    }
    ordered.push_back(*found);
  }
  if (ordered.size() != tensors.size()) {
    throw Error(Code::kBadArgument, fmt::format("adapter: has {} tensors, a {} adapter has {}", tensors.size(),
                                                name_of(description.kind), ordered.size()));
  }
  return ordered;
}

void gelu(std::span<double> x) {
  for (double& value : x) value *= 0.5 * (1.0 + std::erf(value / std::numbers::sqrt2));
}

/// The middle taps of a convolution of kernel 3, [out, in, 3] -> [out, in].
std::vector<float> middle_taps(const std::vector<float>& weight) {
  std::vector<float> taps(weight.size() / 3);
  for (std::size_t i = 0; i < taps.size(); ++i) taps[i] = weight[i * 3 + 1];
  return taps;
}

void layer_norm(std::span<double> x, const std::vector<float>& weight, const std::vector<float>& bias) {
  const auto count = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
  double variance = 0;
  for (const double value : x) variance += (value - mean) * (value - mean);
  const double scale = 1.0 / std::sqrt(variance / count + kNormEpsilon);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

double log_logistic(double logit) { return std::min(logit, 0.0) - std::log1p(std::exp(-std::abs(logit))); }

/// Of the labels between cuts: the k-th is above the cut before it and not above its own. [cuts + 1]
std::vector<double> log_probabilities(double score, const std::vector<double>& cuts) {
  std::vector<double> found(cuts.size() + 1);
  for (std::size_t k = 0; k < found.size(); ++k) {
    if (k > 0) found[k] += log_logistic(score + cuts[k - 1]);
    if (k < cuts.size()) found[k] += log_logistic(-score - cuts[k]);
    // The difference of two logistics, in a form that does not cancel.
    if (k > 0 && k < cuts.size()) found[k] += std::log(-std::expm1(cuts[k] - cuts[k - 1]));
  }
  return found;
}

}  // namespace

std::string_view name_of(AdapterKind kind) noexcept {
  switch (kind) {
    case AdapterKind::kLinear:
      return "linear";
    case AdapterKind::kMlp:
      return "mlp";
    case AdapterKind::kPipeline:
      break;
  }
  return "pipeline";
}

AdapterKind parse_kind(std::string_view name) {
  for (const AdapterKind kind : {AdapterKind::kLinear, AdapterKind::kMlp, AdapterKind::kPipeline}) {
    if (name_of(kind) == name) return kind;
  }
  throw Error(Code::kBadArgument, fmt::format("adapter: kind: expected linear, mlp or pipeline, got '{}'", name));
}

std::string_view name_of(Target target) noexcept {
  switch (target) {
    case Target::kLabel:
      return "label";
    case Target::kFindings:
      return "findings";
    case Target::kNumber:
      return "number";
    case Target::kOrdinal:
      return "ordinal";
    case Target::kSurvival:
      break;
  }
  return "survival";
}

Target parse_target(std::string_view name) {
  for (const Target target :
       {Target::kLabel, Target::kFindings, Target::kNumber, Target::kOrdinal, Target::kSurvival}) {
    if (name_of(target) == name) return target;
  }
  throw Error(Code::kBadArgument,
              fmt::format("adapter: target: expected label, findings, number, ordinal or survival, got '{}'", name));
}

std::vector<AdapterTensor> layout_of(const AdapterDescription& description) {
  const auto labels = static_cast<std::int64_t>(description.labels.size());
  const std::int64_t in = description.in_channels;
  if (description.kind == AdapterKind::kPipeline) return pipeline_layout(description);
  if (description.target == Target::kOrdinal) return {{"weight", {1, in}, {}}, {"bias", {labels - 1}, {}}};
  if (description.kind == AdapterKind::kLinear) return {{"weight", {labels, in}, {}}, {"bias", {labels}, {}}};
  const std::int64_t hidden = description.hidden_dim;
  return {{"vision_embd.0.weight", {kMlpWidth, in}, {}},
          {"vision_embd.0.bias", {kMlpWidth}, {}},
          {"vision_embd.2.weight", {kMlpWidth, kMlpWidth}, {}},
          {"vision_embd.2.bias", {kMlpWidth}, {}},
          {"vision_embd.3.weight", {kMlpWidth}, {}},
          {"vision_embd.3.bias", {kMlpWidth}, {}},
          {"retrieval_conv.0.weight", {hidden, kMlpWidth, 3}, {}},
          {"retrieval_conv.0.bias", {hidden}, {}},
          {"retrieval_conv.2.weight", {hidden, hidden, 3}, {}},
          {"retrieval_conv.2.bias", {hidden}, {}},
          {"prediction_head.0.weight", {labels, hidden}, {}},
          {"prediction_head.0.bias", {labels}, {}}};
}

std::vector<double> levels_of(const AdapterDescription& description) {
  std::vector<double> levels;
  for (const std::string& label : description.labels) {
    const std::optional<double> level = base::parse_finite(label);
    if (!level || (!levels.empty() && *level <= levels.back())) {
      throw Error(
          Code::kBadArgument,
          fmt::format("adapter: target ordinal: expected labels that are numbers from the smallest up, got '{}' "
                      "in place {}",
                      base::printable(label), levels.size() + 1));
    }
    levels.push_back(*level);
  }
  return levels;
}

Adapter::Adapter(AdapterDescription description, const std::vector<AdapterTensor>& tensors)
    : description_(std::move(description)) {
  check_description(description_);
  tensors_ = in_order(tensors, description_);
  set_layers();
  if (description_.target == Target::kOrdinal) set_cuts();
}

void Adapter::set_cuts() {
  levels_ = levels_of(description_);
  cuts_.assign(tensors_[1].values.begin(), tensors_[1].values.end());
  if (std::ranges::adjacent_find(cuts_, std::less_equal<>()) != cuts_.end()) {
    throw Error(Code::kBadArgument, "adapter: tensor 'bias': of target ordinal expected descending numbers");
  }
  layers_[0].bias = {0};
}

void Adapter::set_layers() {
  if (description_.kind == AdapterKind::kPipeline) return;
  // In the layout's order a weight is followed by its bias; the one of rank one is the norm's.
  for (std::size_t i = 0; i < tensors_.size(); i += 2) {
    const AdapterTensor& weight = tensors_[i];
    const AdapterTensor& bias = tensors_[i + 1];
    if (weight.shape.size() == 1) {
      norm_ = {weight.values, bias.values};
      continue;
    }
    layers_.push_back({static_cast<std::size_t>(weight.shape[1]), static_cast<std::size_t>(weight.shape[0]),
                       weight.shape.size() == 3 ? middle_taps(weight.values) : weight.values, bias.values});
  }
}

std::vector<double> Adapter::Affine::operator()(std::span<const double> x) const {
  std::vector<double> y(out);
  for (std::size_t o = 0; o < out; ++o) {
    const float* const row = weight.data() + o * in;
    y[o] = std::inner_product(x.begin(), x.end(), row, static_cast<double>(bias[o]));
  }
  return y;
}

void Adapter::check_length(std::span<const float> embedding) const {
  if (static_cast<std::int64_t>(embedding.size()) == description_.in_channels) return;
  throw Error(Code::kBadArgument, fmt::format("adapter: the embedding has {} numbers, the adapter takes {}",
                                              embedding.size(), description_.in_channels));
}

std::vector<double> Adapter::hidden(std::span<const float> embedding) const {
  std::vector<double> x = layers_[0](std::vector<double>(embedding.begin(), embedding.end()));
  gelu(x);
  x = layers_[1](x);
  layer_norm(x, norm_.weight, norm_.bias);
  x = layers_[2](x);
  gelu(x);
  return layers_[3](x);
}

std::vector<double> Adapter::logits(std::span<const float> embedding) const {
  check_length(embedding);
  if (description_.kind == AdapterKind::kPipeline) {
    throw Error(Code::kUnsupported, "adapter: a pipeline has scores, but no logits");
  }
  if (description_.kind == AdapterKind::kMlp) return layers_[4](hidden(embedding));
  if (description_.target == Target::kOrdinal) {
    return log_probabilities(layers_[0](std::vector<double>(embedding.begin(), embedding.end())).front(), cuts_);
  }
  return layers_[0](std::vector<double>(embedding.begin(), embedding.end()));
}

std::vector<double> Adapter::probabilities(std::span<const float> embedding) const {
  if (is_one_number(description_.target)) {
    throw Error(Code::kUnsupported,
                fmt::format("adapter: answers with a number ('{}'), and not with scores of labels: mi2 adapter predict",
                            base::printable(labels().front())));
  }
  if (description_.target == Target::kFindings)
    return evaluation::logistic({labels().size(), logits(embedding)}).values;
  if (description_.kind != AdapterKind::kPipeline) {
    return evaluation::softmax({labels().size(), logits(embedding)}, description_.temperature).values;
  }
  check_length(embedding);
  return pipeline_scores(description_, tensors_, embedding);
}

LabelScore Adapter::number(std::span<const float> embedding) const {
  if (description_.target == Target::kOrdinal) {
    const std::vector<double> found = probabilities(embedding);
    return {"expected", std::inner_product(found.begin(), found.end(), levels_.begin(), 0.0)};
  }
  if (!is_one_number(description_.target)) {
    throw Error(Code::kUnsupported,
                "adapter: answers with scores of labels, and not with a number: mi2 adapter classify");
  }
  return {labels().front(), logits(embedding).front()};
}

std::size_t Adapter::feature_dimensions() const noexcept {
  if (description_.kind == AdapterKind::kMlp) return static_cast<std::size_t>(description_.hidden_dim);
  if (!description_.pipeline || !description_.pipeline->network) return 0;
  const std::vector<std::int64_t>& widths = description_.pipeline->network->hidden;
  return widths.empty() ? 0 : static_cast<std::size_t>(widths.back());
}

std::vector<float> Adapter::features(std::span<const float> embedding) const {
  check_length(embedding);
  if (feature_dimensions() == 0) {
    throw Error(Code::kUnsupported, "adapter: has no hidden layer, and so no features");
  }
  const std::vector<double> found =
      description_.kind == AdapterKind::kMlp ? hidden(embedding) : pipeline_features(description_, tensors_, embedding);
  std::vector<float> features;
  for (const double value : found) {
    if (std::abs(value) > std::numeric_limits<float>::max()) {
      throw Error(Code::kBadArgument, "adapter: its numbers lead to features that are not finite");
    }
    features.push_back(static_cast<float>(value));
  }
  return features;
}

std::vector<LabelScore> Adapter::classify(std::span<const float> embedding) const {
  const std::vector<double> found = probabilities(embedding);
  std::vector<LabelScore> scores;
  for (std::size_t i = 0; i < found.size(); ++i) scores.push_back({labels()[i], found[i]});
  std::stable_sort(scores.begin(), scores.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  return scores;
}

}  // namespace mi2::adapter
