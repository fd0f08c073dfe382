#include "adapter/json_reader.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;

constexpr double kMostNumber = std::numeric_limits<double>::max();

}  // namespace

JsonReader::JsonReader(const Json& json, std::string_view file, std::string path)
    : json_(json), file_(file), path_(std::move(path)) {
  if (!json.is_object()) refuse("", "expected an object");
}

void JsonReader::allow(std::initializer_list<std::string_view> known) const {
  const std::set<std::string_view> names(known);
  for (const auto& [key, value] : json_.items()) {
    if (!names.contains(key)) refuse(key, "is not a key of this version");
  }
}

bool JsonReader::has(std::string_view key) const { return json_.contains(key); }

const Json& JsonReader::get(std::string_view key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) refuse(key, "is missing");
  return *found;
}

std::string JsonReader::text(std::string_view key) const {
  if (!get(key).is_string()) refuse(key, "expected a string");
  return get(key).get<std::string>();
}

bool JsonReader::flag(std::string_view key) const {
  if (!get(key).is_boolean()) refuse(key, "expected true or false");
  return get(key).get<bool>();
}

double JsonReader::number(std::string_view key, double low, double high) const {
  const Json& value = get(key);
  if (!value.is_number()) refuse(key, "expected a number");
  const auto number = value.get<double>();
  if (!(number >= low && number <= high)) refuse(key, fmt::format("expected {1} to {2}, got {0}", number, low, high));
  return number;
}

std::int64_t JsonReader::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  const double value = number(key, static_cast<double>(low), static_cast<double>(high));
  if (value != std::floor(value)) refuse(key, "expected a whole number");
  return static_cast<std::int64_t>(value);
}

std::vector<std::string> JsonReader::texts(std::string_view key) const {
  const Json& list = get(key);
  if (!list.is_array()) refuse(key, "expected a list");
  std::vector<std::string> values;
  for (const Json& value : list) {
    if (!value.is_string()) refuse(key, "expected a list of strings");
    values.push_back(value.get<std::string>());
  }
  return values;
}

std::map<std::string, double> JsonReader::numbers(std::string_view key) const {
  const JsonReader inner = object(key);
  std::map<std::string, double> values;
  for (const auto& [name, value] : inner.json_.items()) values[name] = inner.number(name, -kMostNumber, kMostNumber);
  return values;
}

std::vector<double> JsonReader::list(std::string_view key, std::size_t most) const {
  const Json& list = get(key);
  if (!list.is_array()) refuse(key, "expected a list");
  if (list.size() > most) refuse(key, fmt::format("expected at most {} numbers, got {}", most, list.size()));
  std::vector<double> values;
  for (const Json& value : list) {
    if (!value.is_number()) refuse(key, "expected a list of numbers");
    values.push_back(value.get<double>());
  }
  return values;
}

JsonReader JsonReader::object(std::string_view key) const { return {get(key), file_, path_of(key)}; }

std::string JsonReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void JsonReader::refuse(std::string_view key, std::string_view what) const {
  const std::string path = key.empty() ? path_ : path_of(key);
  throw Error(Code::kBadFile, fmt::format("{}: {}{}{}", file_, path, path.empty() ? "" : ": ", what));
}

Json parse_json(std::string_view json, std::string_view file, std::size_t max_values) {
  return base::parse_json(json, {.name = file, .fault = Code::kBadFile, .max_values = max_values});
}

}  // namespace mi2::adapter
