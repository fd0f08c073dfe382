#pragma once
// A trained model as a plain directory, which every command that takes --model loads.

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "train/trainer/optimizer.hpp"
#include "weights/lora.hpp"
#include "weights/model_source.hpp"

namespace mi2::train {

/// What a model directory holds beside its weights.
struct ModelParts {
  std::string config;  ///< the text of config.yaml
  std::optional<weights::ModelSource::Tokenizer> tokenizer;
};

/// Writes config.yaml, tokenizer files if any, and model.safetensors (F32), in that order, each whole or not at all: a
/// folder that had a model keeps a loadable one at any moment.
/// @throws Error{kBadFile} when the disk refuses, {kBadArgument} for weights that are not finite: nothing is written.
void write_model(const std::filesystem::path& folder, const ModelParts& parts, std::span<const NamedTensor> weights,
                 const std::map<std::string, std::string>& metadata);

/// What write_lora() is called in a folder of a run.
inline constexpr const char* kLoraFile = "lora.safetensors";

/// Writes additions, and weights that were trained whole, as a file that weights::Lora reads, whole or not at all.
/// @param metadata  what it says beside `info`.     @throws as write_model().
void write_lora(const std::filesystem::path& path, const weights::LoraInfo& info, std::span<const NamedTensor> weights,
                std::map<std::string, std::string> metadata);

}  // namespace mi2::train
