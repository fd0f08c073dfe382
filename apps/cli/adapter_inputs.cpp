#include "adapter_inputs.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "devices.hpp"
#include "embed_inputs.hpp"
#include "vector_arguments.hpp"

namespace mi2::cli {

void add_adapter_inputs(CLI::App& command, AdapterInputs& arguments) {
  command.add_option("--head", arguments.head, "The adapter's NAME, or the toolkit's folder")
      ->type_name("NAME")
      ->required();
  command.add_option("--embeddings", arguments.embeddings, "Embeddings in place of images")->type_name("FILE");
  command.add_option("--paths", arguments.names, "The paths of an npy's rows, one per line")->type_name("FILE");
  add_model_arguments(command, arguments.model);
  command.get_option("--model")->required(false);
  add_frames(command, arguments.frames);
  add_series(command, arguments.model);
}

void parsed_inputs(AdapterInputs& arguments, Session& session) {
  session.needs_torch = arguments.embeddings.empty() && needs_torch(arguments.model.options.device);
  if (arguments.model.series && !arguments.frames) arguments.frames.emplace();
}

std::vector<std::string> checked_inputs(const AdapterInputs& arguments, std::string_view command) {
  std::vector<std::string> given = gather_paths(arguments.inputs);
  if (!arguments.embeddings.empty() && !given.empty()) {
    throw Error(Code::kBadArgument, fmt::format("{}: --embeddings and PATHs exclude each other", command));
  }
  if (!arguments.embeddings.empty() && arguments.frames) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: --frames goes with PATHs; a file of embeddings has its frames", command));
  }
  if (arguments.embeddings.empty() && arguments.model.model.empty()) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected --embeddings FILE, or --model DIR and PATHs", command));
  }
  return given;
}

Embedder open_adapter_model(const AdapterInputs& arguments, const adapter::Adapter& adapter, Progress& progress) {
  Embedder embedder = open_embedder(arguments.model, progress);
  if (adapter.description().embeddings) {
    check_origin(embedder.provenance(), adapter.description().embeddings, "the adapter", progress);
  }
  if (embedder.dimensions() != adapter.description().in_channels) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: vectors of {} numbers, the adapter takes {}", arguments.model.model,
                            embedder.dimensions(), adapter.description().in_channels));
  }
  return embedder;
}

}  // namespace mi2::cli
