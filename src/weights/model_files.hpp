#pragma once
// Where a model keeps its parts: a directory, or one packed file.

#include <filesystem>
#include <optional>

namespace mi2::weights {

struct ModelFiles {
  std::filesystem::path root;                  ///< the folder that holds config.yaml
  std::filesystem::path config;                ///< config.yaml
  std::filesystem::path weights;               ///< safetensors, whatever its name ends in
  std::optional<std::filesystem::path> vocab;  ///< both or neither of these
  std::optional<std::filesystem::path> merges;
  bool packed = false;  ///< `weights` holds everything, the configuration included; the other paths are empty
};

/// Finds the parts in `path` or one folder below it; a regular file is taken for a packed one. Two layouts:
/// - flat: config.yaml, one *.safetensors (or model.safetensors among several), vocab.json and merges.txt if any;
/// - published: config.yaml, vision_model/*.pt, language_model/clip_tokenizer_4.16.2/{vocab.json, merges.txt}.
/// @throws Error{kNotFound} for nothing there, no config or no weights; {kBadFile} naming the candidates if the
///         choice is open, or the tokenizer file that lacks its partner.
ModelFiles find_model(const std::filesystem::path& path);

}  // namespace mi2::weights
