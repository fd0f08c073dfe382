#pragma once
// The table of keys: how each is read into the settings, written back, and explained.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/config/config.hpp"
#include "yaml/value.hpp"

namespace mi2::train {

using yaml::Place;
using yaml::Value;

/// The settings while they are read, with what only makes sense together.
struct Draft {
  /// The image and label TSVs of an EVALDATASET_ section.
  struct EvalTsv {
    std::string images;
    std::string labels;
  };

  TrainConfig config;
  std::filesystem::path root;  ///< of relative data paths
  std::string train_set;       ///< folder of train_tsv inside root
  std::vector<std::string> train_tsv;
  std::vector<EvalTsv> eval_tsv = std::vector<EvalTsv>(2);  ///< zero-shot, kNN
  EvalTsv bank_tsv;                                         ///< labelled neighbours of kNN
  LoraRules lora;                                           ///< if LORA.RANK is not 0
  std::string lora_key;                     ///< a key of LORA that means nothing without a rank, if one was given
  std::optional<Metric> metric;             ///< EVAL.METRIC
  std::optional<Metric> tracked_zero_shot;  ///< of the EVALDATASET_ sections
  std::optional<Metric> tracked_knn;
  bool bf16 = false;
  bool fp16 = false;
  std::string pretrained;
  bool load_pretrained = true;
  std::int64_t evaluate_steps = 0;
  std::optional<double> evaluate_epochs;
  bool evaluate_steps_given = false;
};

struct Key {
  std::string_view path;
  std::string_view help;
  void (*read)(Draft&, const Value&);
  std::string (*write)(const TrainConfig&);  ///< as one YAML value; null: input only, its meaning is in other keys
  bool null_counts = false;                  ///< a null is a value of its own, not "the default"
};

/// A key that is accepted because the reference has it.
struct FixedKey {
  std::string_view path;
  std::vector<std::string_view> allowed;  ///< empty: any value, without effect
};

/// In the order they are written; keys of one section stand together.
std::vector<Key> all_keys();
std::span<const Key> run_keys();
std::span<const Key> optimizer_keys();
std::span<const Key> lora_keys();
std::span<const Key> data_keys();
std::span<const Key> evaluation_keys();

/// Other names of keys: {alias, path}.
std::span<const std::pair<std::string_view, std::string_view>> key_aliases();
/// Names of related programs that mean something else here or have moved: {theirs, what to write}.
std::span<const std::pair<std::string_view, std::string_view>> foreign_keys();
std::span<const FixedKey> fixed_keys();
/// Keys of a model's config.yaml.
std::span<const std::string_view> model_keys();

// Lists of data sources, as DATASET.TRAIN is one.
std::vector<dataset::DataSource> read_data_sources(const Value& value);
/// As above, of sources that are not trained on, which have no WEIGHT.
std::vector<dataset::DataSource> read_evaluation_sources(const Value& value);
std::string write_data_sources(const std::vector<dataset::DataSource>& sources);
// Lists of regular expressions.
std::vector<std::string> read_pattern_list(const Value& value);
std::string write_pattern_list(const std::vector<std::string>& patterns);

// What values look like in YAML.
std::string yaml_number(double value);
std::string yaml_text(std::string_view text);
std::string yaml_flag(bool value);

}  // namespace mi2::train
