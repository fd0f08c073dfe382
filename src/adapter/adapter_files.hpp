#pragma once
// Adapters on disk: our pair of files, and the toolkit's folder.

#include <filesystem>

#include "adapter/adapter.hpp"

namespace mi2::adapter {

/// The path without the suffix .json or .safetensors, whichever file of a pair it names.
std::filesystem::path stem_of(const std::filesystem::path& path);

/// An adapter of the toolkit.
/// @param config   config.json, or the folder it is in (adapter_model/).
/// @param weights  safetensors, or what torch.save() wrote (torch_file.hpp); empty: the only one in the config's
/// folder.
/// @throws as Adapter::open.
Adapter import_toolkit(const std::filesystem::path& config, const std::filesystem::path& weights = {});

}  // namespace mi2::adapter
