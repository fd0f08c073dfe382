// Keys of low-rank additions.

#include <array>
#include <string>

#include <fmt/format.h>

#include "train/config/keys.hpp"
#include "weights/lora.hpp"

namespace mi2::train {
namespace {

constexpr std::array kLoraKeys{
    Key{"LORA.RANK", "train additions of this rank to linear layers, and freeze the rest; 0: train the weights",
        [](Draft& d, const Value& v) { d.config.lora.rank = v.integer(0, weights::kMostLoraRank); },
        [](const TrainConfig& c) { return fmt::format("{}", c.lora.rank); }},
    Key{"LORA.ALPHA", "an addition is multiplied by ALPHA / RANK; null: as RANK",
        [](Draft& d, const Value& v) {
          d.config.lora.alpha = v.number(1e-6, weights::kMostLoraAlpha);
          d.lora_key = v.path();
        },
        [](const TrainConfig& c) { return c.lora.alpha ? yaml_number(*c.lora.alpha) : std::string("null"); }},
    Key{"LORA.TARGETS", "regular expressions of the linear layers' weights that get an addition",
        [](Draft& d, const Value& v) { d.lora.targets = read_pattern_list(v); },
        [](const TrainConfig& c) { return write_pattern_list(c.parameters.lora.value_or(LoraRules{}).targets); }},
    Key{"LORA.UNFREEZE", "regular expressions of weights that are trained whole beside the additions",
        [](Draft& d, const Value& v) {
          d.lora.unfreeze = read_pattern_list(v);
          if (!d.lora.unfreeze.empty()) d.lora_key = v.path();
        },
        [](const TrainConfig& c) { return write_pattern_list(c.parameters.lora.value_or(LoraRules{}).unfreeze); }},
    Key{"LORA.MERGED", "export models with the additions in their weights, beside the small files",
        [](Draft& d, const Value& v) { d.config.lora.merged = v.flag(); },
        [](const TrainConfig& c) { return yaml_flag(c.lora.merged); }},
};

}  // namespace

std::span<const Key> lora_keys() { return kLoraKeys; }

}  // namespace mi2::train
