#pragma once
// What only makes sense once every key is read: sources from several keys, and what a run cannot do without.

#include <string_view>

#include <yaml-cpp/yaml.h>

#include "train/config/keys.hpp"

namespace mi2::train {

/// @param model  the sections of a model's config.yaml that were given.
/// @param name   what errors call the config.
/// @throws Error{kBadFile} naming the key that is missing or contradicts another; {kUnsupported}.
TrainConfig resolve(Draft& draft, const YAML::Node& model, std::string_view name);

}  // namespace mi2::train
