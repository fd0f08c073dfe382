#pragma once
// Sections of a run's settings that describe a model, beside a model that is given.

#include <string_view>

#include "train/config/config.hpp"

namespace mi2::train {

/// A given model's own config.yaml says what the model is: sections of the settings that say something else would have
/// no effect.
/// @param config_yaml  of the model.     @param name  what errors call the model.
/// @throws Error{kBadArgument} naming each key of the settings that differs.
void check_model_sections(const ModelOptions& options, std::string_view config_yaml, std::string_view name);

}  // namespace mi2::train
