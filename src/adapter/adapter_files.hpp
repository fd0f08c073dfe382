#pragma once
// Adapters on disk: our pair of files, and the toolkit's folder.

#include <filesystem>
#include <string>
#include <vector>

#include "adapter/adapter.hpp"

namespace mi2::adapter {

/// The path without the suffix .json or .safetensors, whichever file of a pair it names.
std::filesystem::path stem_of(const std::filesystem::path& path);

/// An adapter that others made: of the toolkit, or of scikit-learn as JSON (sklearn_json.hpp).
/// @param from     the toolkit's config.json, or the folder it is in (adapter_model/); its weights alone, safetensors
/// or
///                 what torch.save() wrote (torch_file.hpp); or scikit-learn's JSON.
/// @param weights  of the toolkit, where `from` is a config; empty: the only ones in its folder.
/// @param labels   in place of those that `from` has; weights alone have none.
/// @throws as Adapter::open; Error{kBadArgument} for weights alone without labels, or another number of labels.
Adapter import_adapter(const std::filesystem::path& from, const std::filesystem::path& weights = {},
                       const std::vector<std::string>& labels = {});

}  // namespace mi2::adapter
