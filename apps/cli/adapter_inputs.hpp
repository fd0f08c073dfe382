#pragma once
// What the commands that use an adapter have in common: the adapter, and images or embeddings for it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>

#include "adapter/adapter.hpp"
#include "arguments.hpp"
#include "command.hpp"
#include "input_arguments.hpp"
#include "progress.hpp"

namespace mi2::cli {

struct AdapterInputs {
  ModelArguments model;
  std::string head;
  std::string embeddings;
  std::string names;
  InputArguments inputs;
  std::optional<FrameSelection> frames;
};

/// Declares --head, --embeddings, --paths, --model and how images go through it; not `inputs`, whose help comes last.
void add_adapter_inputs(CLI::App& command, AdapterInputs& arguments);
/// After parsing: what follows from them.
void parsed_inputs(AdapterInputs& arguments, Session& session);

/// The PATHs, if there are any. @param command  what errors call it.
/// @throws as gather_paths; Error{kBadArgument} unless there are embeddings, or a model and PATHs.
std::vector<std::string> checked_inputs(const AdapterInputs& arguments, std::string_view command);

/// The model that makes the adapter's embeddings.
/// @throws as open_embedder; Error{kBadArgument} for another model than the adapter was trained on.
Embedder open_adapter_model(const AdapterInputs& arguments, const adapter::Adapter& adapter, Progress& progress);

}  // namespace mi2::cli
