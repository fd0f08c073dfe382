#pragma once
// What a model directory or one of its files holds, without building the model.

#include <filesystem>
#include <string>

#include "models/inspect_report.hpp"

namespace mi2::models {

/// A model directory, a packed file, a safetensors file or a config (*.yaml, *.yml), as a few lines for people.
/// A packed file's checksums are verified; a directory's report says whether its weights would load, and which tensors
/// stand in the way.
/// @throws Error{kNotFound}, {kBadFile}, {kUnsupported} if the path cannot be read at all.
std::string inspect_text(const std::filesystem::path& path, const Published& published = {});

/// The same and every tensor's name, dtype and shape, as one JSON object.
std::string inspect_json(const std::filesystem::path& path, const Published& published = {});

}  // namespace mi2::models
