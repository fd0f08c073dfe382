// From settings back to YAML.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "train/config/keys.hpp"

namespace mi2::train {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string yaml_number(double value) {
  std::string text = fmt::format("{}", value);
  // Without a point, YAML 1.1 reads "1e-05" as text.
  const std::size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

std::string yaml_flag(bool value) { return value ? "true" : "false"; }

std::string yaml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string to_yaml(const TrainConfig& config) {
  std::string yaml;
  std::vector<std::string_view> open;  // sections of the line before
  for (const Key& key : all_keys()) {
    if (key.write == nullptr) continue;
    std::vector<std::string_view> parts = parts_of(key.path);
    const std::string_view leaf = parts.back();
    parts.pop_back();
    const auto common = static_cast<std::size_t>(
        std::mismatch(parts.begin(), parts.end(), open.begin(), open.end()).first - parts.begin());
    for (std::size_t level = common; level < parts.size(); ++level) {
      yaml += fmt::format("{:{}}{}:\n", "", 2 * level, parts[level]);
    }
    open = parts;
    yaml += fmt::format("{:{}}{}: {}  # {}\n", "", 2 * parts.size(), leaf, key.write(config), key.help);
  }
  return yaml + config.model.yaml;
}

}  // namespace mi2::train
