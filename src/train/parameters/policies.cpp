#include "train/parameters/policies.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include <mi2/error.hpp>
#include "weights/lora.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

/// A programme of more steps than any sensible pattern needs is refused by RE2.
constexpr std::int64_t kMaxPatternMemory = 1 << 20;
constexpr std::size_t kMaxPatternBytes = 1000;

RE2::Options pattern_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  return options;
}

/// The module a parameter belongs to: "norm" of "a.norm.weight".
std::string_view module_of(std::string_view name) {
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos) return {};
  const std::string_view path = name.substr(0, last);
  return path.substr(path.rfind('.') + 1);
}

bool is_norm(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNorms{"norm", "norms", "ln_1", "ln_2", "ln_final"};
  return std::find(kNorms.begin(), kNorms.end(), module_of(name)) != kNorms.end();
}

/// A convolution with as many groups as channels has weights [channels, 1, height, width].
bool is_depthwise(std::span<const std::int64_t> shape) { return shape.size() == 4 && shape[0] > 1 && shape[1] == 1; }

}  // namespace

std::string pattern_fault(std::string_view pattern) {
  if (pattern.empty()) return "is empty";
  if (pattern.size() > kMaxPatternBytes) {
    return fmt::format("has {} characters, the limit is {}", pattern.size(), kMaxPatternBytes);
  }
  const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), pattern_options());
  if (compiled.ok()) return {};
  return fmt::format("is no regular expression that RE2 reads (it has no look-around and no back-references): {}",
                     compiled.error());
}

namespace {

struct Rule {
  Rule(const std::string& text, double number) : source(text), value(number) {
    const std::string fault = pattern_fault(text);
    if (!fault.empty()) {
      throw Error(Code::kBadArgument, fmt::format("pattern {} {}", weights::in_quotes(text), fault));
    }
    pattern = std::make_unique<RE2>(text, pattern_options());
  }

  std::string source;
  double value;
  std::unique_ptr<RE2> pattern;
  bool matched = false;
};

/// The value of the first rule that matches. Marks it.
std::optional<double> first_match(std::vector<Rule>& rules, std::string_view name) {
  for (Rule& rule : rules) {
    if (!RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *rule.pattern)) continue;
    rule.matched = true;
    return rule.value;
  }
  return std::nullopt;
}

/// Where a weight is in its tower: blocks, and the patch embeddings between them, in the order of the forward pass.
struct Layer {
  bool image = false;
  int stage = 0;
  int block = 0;
  friend auto operator<=>(const Layer&, const Layer&) = default;
};

/// Nothing for what comes after the blocks: the last norms, the projections, logit_scale.
std::optional<Layer> layer_of(std::string_view name) {
  static const RE2 kBlock("^image_encoder\\.blocks\\.(\\d{1,6})\\.(\\d{1,6})\\.");
  static const RE2 kPatches("^image_encoder\\.convs\\.(\\d{1,6})\\.");
  static const RE2 kText("^lang_encoder\\.resblocks\\.(\\d{1,6})\\.");
  const re2::StringPiece text(name.data(), name.size());
  Layer layer;
  if (RE2::PartialMatch(text, kBlock, &layer.stage, &layer.block)) {
    layer.image = true;
    return layer;
  }
  if (RE2::PartialMatch(text, kPatches, &layer.stage)) return Layer{true, layer.stage, -1};
  if (RE2::PartialMatch(text, kText, &layer.block)) return layer;
  if (name.starts_with("lang_encoder.token_embedding") || name.starts_with("lang_encoder.positional_embedding")) {
    return Layer{false, 0, -1};
  }
  return std::nullopt;
}

}  // namespace

struct ParameterPolicies::Rules {
  bool decay_norms = false;
  bool decay_depthwise = false;
  double weight_decay = 0;
  std::vector<Rule> freeze;
  std::vector<Rule> decay;
  std::vector<Rule> scale;
  double layer_decay = 1;
  std::vector<Layer> layers;  ///< in order, of both towers
  bool lora = false;
  std::vector<Rule> targets;
  std::vector<Rule> unfreeze;
};

ParameterPolicies::ParameterPolicies(const ParameterRules& rules, double weight_decay)
    : rules_(std::make_unique<Rules>()) {
  rules_->decay_norms = rules.decay_norms;
  rules_->decay_depthwise = rules.decay_depthwise;
  rules_->weight_decay = weight_decay;
  for (const std::string& pattern : rules.freeze_patterns) rules_->freeze.emplace_back(pattern, 0);
  for (const auto& [pattern, value] : rules.weight_decay_patterns) rules_->decay.emplace_back(pattern, value);
  for (const auto& [pattern, value] : rules.lr_scale_patterns) rules_->scale.emplace_back(pattern, value);
  rules_->layer_decay = rules.layer_decay;
  if (!rules.lora) return;
  rules_->lora = true;
  for (const std::string& pattern : rules.lora->targets) rules_->targets.emplace_back(pattern, 0);
  for (const std::string& pattern : rules.lora->unfreeze) rules_->unfreeze.emplace_back(pattern, 0);
}

ParameterPolicies::ParameterPolicies(ParameterPolicies&&) noexcept = default;
ParameterPolicies& ParameterPolicies::operator=(ParameterPolicies&&) noexcept = default;
ParameterPolicies::~ParameterPolicies() = default;

void ParameterPolicies::set_layers(std::span<const std::string> names) {
  std::set<Layer> layers;
  for (const std::string& name : names) {
    if (const std::optional<Layer> layer = layer_of(name)) layers.insert(*layer);
  }
  rules_->layers.assign(layers.begin(), layers.end());
}

ParameterPolicy ParameterPolicies::of(std::string_view name, std::span<const std::int64_t> shape) {
  ParameterPolicy policy;
  const std::optional<double> decay = first_match(rules_->decay, name);
  policy.weight_decay = decay.value_or(rules_->weight_decay);
  const bool undecayed = (!rules_->decay_norms && is_norm(name)) || (!rules_->decay_depthwise && is_depthwise(shape));
  if (undecayed) policy.weight_decay = 0;
  policy.lr_scale = first_match(rules_->scale, name).value_or(1);
  if (const std::optional<Layer> layer = rules_->layer_decay == 1 ? std::nullopt : layer_of(name)) {
    const auto above = std::ranges::count_if(
        rules_->layers, [&](const Layer& other) { return other.image == layer->image && *layer < other; });
    policy.lr_scale *= std::pow(rules_->layer_decay, 1 + above);
  }
  policy.trainable = !first_match(rules_->freeze, name).has_value() && policy.lr_scale > 0;
  const bool addition = name.ends_with(weights::kLoraA) || name.ends_with(weights::kLoraB);
  if (rules_->lora && !addition && !first_match(rules_->unfreeze, name)) policy.trainable = false;
  return policy;
}

bool ParameterPolicies::is_lora_target(std::string_view name) {
  // What is trained whole needs no addition, and a LoRA file with both is refused.
  return !first_match(rules_->unfreeze, name) && first_match(rules_->targets, name).has_value() &&
         !first_match(rules_->freeze, name);
}

std::vector<std::string> ParameterPolicies::unmatched() const {
  std::vector<std::string> patterns;
  for (const std::vector<Rule>* rules :
       {&rules_->freeze, &rules_->decay, &rules_->scale, &rules_->targets, &rules_->unfreeze}) {
    for (const Rule& rule : *rules) {
      if (!rule.matched) patterns.push_back(rule.source);
    }
  }
  return patterns;
}

}  // namespace mi2::train
