#include "weights/config_reader.hpp"

#include <cmath>
#include <cstddef>
#include <optional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <mi2/error.hpp>
#include "weights/names.hpp"
#include "yaml/scalars.hpp"

namespace mi2::weights {
namespace {

/// The value of `key` in `map`. A key given twice is an error: readers of YAML differ in which one they take.
std::optional<YAML::Node> lookup(const YAML::Node& map, std::string_view key, bool& twice) {
  std::optional<YAML::Node> found;
  if (!map.IsMap()) return found;
  for (const auto& entry : map) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    twice = twice || found.has_value();
    found.emplace(entry.second);
  }
  return found;
}

}  // namespace

struct ConfigReader::Document {
  YAML::Node root;

  /// @returns an undefined node if any part of the path is missing.
  [[nodiscard]] std::optional<YAML::Node> find(const ConfigReader& reader, std::string_view path) const {
    std::optional<YAML::Node> node = root;
    std::string_view rest = path;
    while (node && !rest.empty()) {
      const std::string_view key = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(key.size() + 1, rest.size()));
      bool twice = false;
      std::optional<YAML::Node> next = lookup(*node, key, twice);
      if (twice) reader.fail(path, fmt::format("'{}' is given twice", key));
      // emplace, not assignment: assigning to a YAML::Node changes the document it stands in.
      node.reset();
      if (next) node.emplace(*next);
    }
    return node;
  }

  [[nodiscard]] YAML::Node need(const ConfigReader& reader, std::string_view path) const {
    const std::optional<YAML::Node> node = find(reader, path);
    if (!node || node->IsNull()) reader.fail(path, "is missing");
    return *node;
  }

  [[nodiscard]] std::string scalar(const ConfigReader& reader, std::string_view path) const {
    const YAML::Node node = need(reader, path);
    if (!node.IsScalar()) reader.fail(path, "is no single value");
    return node.Scalar();
  }

  [[nodiscard]] std::vector<std::string> scalars(const ConfigReader& reader, std::string_view path,
                                                 std::size_t most) const {
    const YAML::Node node = need(reader, path);
    if (!node.IsSequence()) reader.fail(path, "is no list");
    if (node.size() == 0 || node.size() > most) {
      reader.fail(path, fmt::format("has {} entries, 1 to {} are read", node.size(), most));
    }
    std::vector<std::string> values;
    for (const YAML::Node& entry : node) {
      if (!entry.IsScalar()) reader.fail(path, "holds something other than single values");
      values.push_back(entry.Scalar());
    }
    return values;
  }
};

namespace {

double checked_number(const ConfigReader& reader, std::string_view key, std::string_view text, double low,
                      double high) {
  const std::optional<double> value = yaml::to_number(text);
  if (!value) reader.fail(key, fmt::format("is {}, not a finite number", in_quotes(text)));
  if (*value < low || *value > high) reader.fail(key, fmt::format("is {}, it must be in {}..{}", *value, low, high));
  return *value;
}

int checked_integer(const ConfigReader& reader, std::string_view key, std::string_view text, int low, int high) {
  const double value = checked_number(reader, key, text, low, high);
  if (value != std::floor(value)) reader.fail(key, fmt::format("is {}, not a whole number", value));
  return static_cast<int>(value);
}

bool checked_flag(const ConfigReader& reader, std::string_view key, std::string_view text) {
  const std::optional<bool> value = yaml::to_flag(text);
  if (!value) reader.fail(key, fmt::format("is {}, neither true nor false", in_quotes(text)));
  return *value;
}

}  // namespace

ConfigReader::ConfigReader(std::string_view yaml, std::string_view name)
    : name_(name), document_(std::make_unique<Document>()) {
  try {
    document_->root = YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& e) {
    // The exception's own text may quote the file; a position is enough.
    throw Error(Code::kBadFile, fmt::format("{}: not YAML at line {}", name_, e.mark.line + 1));
  }
  if (!document_->root.IsMap()) throw Error(Code::kBadFile, fmt::format("{}: holds no map of keys to values", name_));
}

ConfigReader::~ConfigReader() = default;

void ConfigReader::fail(std::string_view key, std::string_view what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {} {}", name_, key, what));
}

void ConfigReader::unsupported(std::string_view key, std::string_view what) const {
  throw Error(Code::kUnsupported, fmt::format("{}: {} {}", name_, key, what));
}

bool ConfigReader::has(std::string_view key) const {
  const std::optional<YAML::Node> node = document_->find(*this, key);
  return node && !node->IsNull();
}

std::string ConfigReader::text(std::string_view key) const { return document_->scalar(*this, key); }

bool ConfigReader::flag(std::string_view key) const { return checked_flag(*this, key, document_->scalar(*this, key)); }

double ConfigReader::number(std::string_view key, double low, double high) const {
  return checked_number(*this, key, document_->scalar(*this, key), low, high);
}

int ConfigReader::integer(std::string_view key, int low, int high) const {
  return checked_integer(*this, key, document_->scalar(*this, key), low, high);
}

std::vector<double> ConfigReader::numbers(std::string_view key, double low, double high, std::size_t most) const {
  std::vector<double> values;
  for (const std::string& text : document_->scalars(*this, key, most)) {
    values.push_back(checked_number(*this, key, text, low, high));
  }
  return values;
}

std::vector<int> ConfigReader::integers(std::string_view key, int low, int high, std::size_t most) const {
  std::vector<int> values;
  for (const std::string& text : document_->scalars(*this, key, most)) {
    values.push_back(checked_integer(*this, key, text, low, high));
  }
  return values;
}

std::vector<bool> ConfigReader::flags(std::string_view key, std::size_t most) const {
  std::vector<bool> values;
  for (const std::string& text : document_->scalars(*this, key, most)) {
    values.push_back(checked_flag(*this, key, text));
  }
  return values;
}

}  // namespace mi2::weights
