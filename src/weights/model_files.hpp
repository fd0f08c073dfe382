#pragma once
// Where a model directory keeps its parts.

#include <filesystem>
#include <optional>

namespace mi2::weights {

struct ModelFiles {
  std::filesystem::path root;                  ///< the folder that holds config.yaml
  std::filesystem::path config;                ///< config.yaml
  std::filesystem::path weights;               ///< safetensors, whatever its name ends in
  std::optional<std::filesystem::path> vocab;  ///< both or neither of these
  std::optional<std::filesystem::path> merges;
};

/// Finds the parts in `dir` or one folder below it. Two layouts:
/// - flat: config.yaml, one *.safetensors (or model.safetensors among several), vocab.json and merges.txt if any;
/// - published: config.yaml, vision_model/*.pt, language_model/clip_tokenizer_4.16.2/{vocab.json, merges.txt}.
/// @throws Error{kNotFound} for no such directory, no config or no weights; {kBadFile} naming the candidates if the
///         choice is open, or the tokenizer file that lacks its partner.
ModelFiles find_model(const std::filesystem::path& dir);

}  // namespace mi2::weights
