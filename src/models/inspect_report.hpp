#pragma once
// What inspect_text and inspect_json show.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/full_config.hpp"
#include "weights/config.hpp"
#include "weights/model_files.hpp"
#include "weights/names.hpp"
#include "weights/safetensors.hpp"

namespace mi2::models {

struct WeightsReport {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;
  std::optional<weights::Naming> naming;  ///< nothing if schemes are mixed
  std::map<std::string, std::string> metadata;
  std::vector<weights::TensorInfo> tensors;
  std::map<std::string, std::size_t> dtypes;  ///< tensors of each type
  std::uint64_t image_parameters = 0;
  std::uint64_t text_parameters = 0;
  std::uint64_t all_parameters = 0;  ///< also projections and the scale
};

/// A file of mi2 pack.
struct PackedReport {
  std::string path;
  std::uint64_t bytes = 0;
  std::size_t blocks = 0;
  int layout_version = 0;
  std::string dtype;
  std::string weights_sha256;  ///< of the weights it was made from
  bool own_tokenizer = false;
};

/// What is known of the model as it was published. mi2 itself knows no hash of its weights: the publisher's page has
/// it.
struct Published {
  std::string_view config = kFullConfig;  ///< YAML
  std::string sha256;                     ///< of its weights, as someone read it there; empty: not given
};

/// How a model compares with MedImageInsight as it was published.
struct Publication {
  bool same_architecture = false;  ///< by configuration; that tensors and names fit is in the problems
  std::string difference;          ///< the first setting that differs, for people
};

struct InspectReport {
  std::string path;
  std::optional<weights::ModelFiles> files;  ///< of a directory
  std::string config_path;
  std::optional<weights::ModelConfig> config;
  std::optional<WeightsReport> weights;
  std::optional<PackedReport> packed;
  std::vector<std::string> problems;  ///< why the weights would not load
  std::optional<Publication> publication;
  std::optional<bool> same_hash;  ///< as the one given; nothing without one, or if the weights cannot be read
  std::string advice;             ///< what to do about the problems; empty: nothing is known to help
};

/// "image tower", "text tower" and "embedding", and what each is, for people.
std::vector<std::pair<std::string, std::string>> towers_of(const weights::ModelConfig& config);

/// Whether a path that is no folder is taken for a configuration.
bool is_config(const std::filesystem::path& path);

/// @throws as inspect_text.
InspectReport inspect(const std::filesystem::path& path, const Published& published = {});

}  // namespace mi2::models
