#pragma once
// Texts to the ids a model reads.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <mi2/export.h>

namespace mi2 {

/// The ids a text becomes, without padding.
struct TokenizedText {
  std::vector<std::int32_t> ids;
  bool truncated = false;
};

/// A model's tokenizer without its weights (the built-in vocabulary if the model has none).
/// @throws Error{kNotFound}, {kBadFile}, {kBadArgument} for a text that is not UTF-8.
MI2_EXPORT std::vector<TokenizedText> tokenize(const std::filesystem::path& model, std::span<const std::string> texts);

}  // namespace mi2
