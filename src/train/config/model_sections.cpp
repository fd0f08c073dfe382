#include "train/config/model_sections.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <mi2/error.hpp>
#include "weights/names.hpp"

namespace mi2::train {
namespace {

bool same_model(const weights::ModelConfig& a, const weights::ModelConfig& b) {
  const auto image = [](const weights::ModelConfig& c) {
    const weights::ModelConfig::Image& i = c.image;
    return std::tie(i.height, i.width, i.mean, i.std, i.patch_size, i.patch_stride, i.patch_padding, i.patch_prenorm,
                    i.dims, i.heads, i.groups, i.depths, i.window);
  };
  const auto text = [](const weights::ModelConfig& c) {
    return std::tie(c.text.context, c.text.width, c.text.heads, c.text.layers, c.projection);
  };
  return image(a) == image(b) && text(a) == text(b);
}

std::string flow(const YAML::Node& node) {
  YAML::Emitter emitter;
  emitter << YAML::Flow << node;
  return emitter.c_str();
}

using Path = std::vector<std::string>;

/// The entries of `sections` that hold no further ones.
void list_leaves(const YAML::Node& sections, const Path& above, std::vector<std::pair<Path, YAML::Node>>& leaves) {
  for (const auto& entry : sections) {
    Path path = above;
    path.push_back(entry.first.Scalar());
    if (entry.second.IsMap()) {
      list_leaves(entry.second, path, leaves);
    } else {
      leaves.emplace_back(path, entry.second);
    }
  }
}

/// The node at a path, made if there is none.
YAML::Node at(const YAML::Node& root, const Path& path) {
  YAML::Node node = root;
  for (const std::string& part : path) node.reset(node[part]);
  return node;
}

/// Whether the model would be another one, or none, if its config.yaml had this value too.
bool changes_model(const weights::ModelConfig& model, const std::string& yaml, const Path& path,
                   const YAML::Node& value) {
  YAML::Node changed = YAML::Load(yaml);
  at(changed, path) = value;
  try {
    return !same_model(weights::parse_config(YAML::Dump(changed), "settings"), model);
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

void check_model_sections(const ModelOptions& options, std::string_view config_yaml, std::string_view name) {
  if (options.yaml.empty()) return;
  const std::string own(config_yaml);
  const weights::ModelConfig model = weights::parse_config(own, name);
  std::vector<std::pair<Path, YAML::Node>> leaves;
  list_leaves(YAML::Load(options.yaml), {}, leaves);
  std::vector<std::string> different;
  for (const auto& [path, value] : leaves) {
    if (!changes_model(model, own, path, value)) continue;
    const YAML::Node root = YAML::Load(own);
    const YAML::Node theirs = at(root, path);
    different.push_back(
        fmt::format("{} is {}, the model's is {}", fmt::join(path, "."), weights::in_quotes(flow(value)),
                    weights::in_quotes(!theirs.IsDefined() || theirs.IsNull() ? "not given" : flow(theirs))));
  }
  if (different.empty()) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}: the settings describe another model, which has no effect beside MODEL: {}; expected the "
                          "model's own values, or none",
                          name, fmt::join(different, "; ")));
}

}  // namespace mi2::train
