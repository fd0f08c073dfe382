#pragma once
// What training does with each parameter, from its name and shape: train it or not, its weight decay, its learning
// rate.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::train {

/// A pattern that many names may match, and a number for those that do.
using PatternValue = std::pair<std::string, double>;

/// Patterns of what a LoRA run trains; everything else is frozen.
struct LoraRules {
  std::vector<std::string> targets{"attn", "ffn", "mlp"};  ///< weights of linear layers that get an addition
  std::vector<std::string> unfreeze;                       ///< weights that are trained whole
};

/// Patterns are RE2 regular expressions, looked for anywhere in a parameter's name (current scheme:
/// "image_encoder.blocks.0.0.ffn.norm.weight"). Of several that match, the first counts.
struct ParameterRules {
  bool decay_norms = false;      ///< weights and biases of layer norms; false: no weight decay
  bool decay_depthwise = false;  ///< weights of depthwise convolutions; false: no weight decay
  std::vector<PatternValue> weight_decay_patterns{
      {"bias$", 0}, {"logit_scale", 0}, {"positional_embedding", 0}, {"token_embedding", 0}};
  std::vector<PatternValue> lr_scale_patterns;  ///< factor on the learning rate
  std::vector<std::string> freeze_patterns;     ///< not trained
  /// Factor on the learning rate for each layer between a weight and the end of its tower: the last block has it once,
  /// the one before twice, and what comes after the blocks not. 1: none.
  double layer_decay = 1;
  std::optional<LoraRules> lora;
};

struct ParameterPolicy {
  bool trainable = true;
  double weight_decay = 0;
  double lr_scale = 1;

  friend bool operator==(const ParameterPolicy&, const ParameterPolicy&) = default;
};

/// @returns why `pattern` is no regular expression that ParameterPolicies reads, or an empty text if it is one.
std::string pattern_fault(std::string_view pattern);

class ParameterPolicies {
 public:
  /// @param weight_decay  of what no rule names.
  /// @throws Error{kBadArgument} naming a pattern that is no regular expression.
  ParameterPolicies(const ParameterRules& rules, double weight_decay);
  ParameterPolicies(ParameterPolicies&&) noexcept;
  ParameterPolicies& operator=(ParameterPolicies&&) noexcept;
  ~ParameterPolicies();

  /// The names of all of a model's parameters, which layer_decay needs to know before of().
  void set_layers(std::span<const std::string> names);

  /// The order of the reference's customize_params: freezing; then norms and depthwise convolutions; then the weight
  /// decay patterns; and the patterns of learning rates by themselves. A scale of 0 freezes. Of a LoRA run, weights
  /// that no pattern unfreezes are not trained either.
  ParameterPolicy of(std::string_view name, std::span<const std::int64_t> shape);

  /// Whether a LoRA run gives this linear layer's weight an addition: a target matches, and no pattern that freezes or
  /// unfreezes does.
  bool is_lora_target(std::string_view name);

  /// Patterns that have decided nothing for any name given to of(), because they match none or an earlier one does:
  /// most often a mistake, so worth a warning once all were given.
  [[nodiscard]] std::vector<std::string> unmatched() const;

 private:
  struct Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace mi2::train
