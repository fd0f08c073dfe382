#pragma once
// What is known of a model and of the run that made it, for its card.

#include <filesystem>

#include "report/model_card.hpp"

namespace mi2::cli {

/// Whether a folder is that of a run of mi2 train.
bool is_run(const std::filesystem::path& folder);

/// Adds what a model folder or a packed file holds.
/// @throws as models::inspect(); Error{kBadArgument} for what is no model; {kBadFile} for one that would not load.
void add_model(report::ModelCard& card, const std::filesystem::path& path);

/// Adds data, settings, outcome, curves and energy of a run. @throws Error{kNotFound}, {kBadFile}, {kTooLarge}.
void add_run(report::ModelCard& card, const std::filesystem::path& folder);

/// Says of a model without a run what is not recorded.
void add_no_run(report::ModelCard& card);

}  // namespace mi2::cli
