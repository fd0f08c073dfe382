#include "yaml/value.hpp"

#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/quotes.hpp"
#include "yaml/scalars.hpp"

namespace mi2::yaml {
namespace {

constexpr std::size_t kMaxItems = 10'000;
constexpr std::size_t kMaxText = 4096;
/// Whole numbers up to here are exact in a double.
constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;

/// The place of a node inside the same text. yaml-cpp counts lines from 0 and knows none for a made-up node.
Place place_of(const YAML::Node& node, const Place& outer) {
  if (outer.code != Code::kBadFile || node.Mark().is_null()) return outer;
  const std::string file = outer.source.substr(0, outer.source.rfind(':'));
  return {fmt::format("{}:{}", file, node.Mark().line + 1), outer.code};
}

}  // namespace

void Value::fail(std::string_view what) const {
  throw Error(place_.code, fmt::format("{}: {}{}{}", place_.source, path_, path_.empty() ? "" : " ", what));
}

void Value::unsupported(std::string_view what) const {
  throw Error(Code::kUnsupported, fmt::format("{}: {} {}", place_.source, path_, what));
}

std::string Value::text() const {
  if (!node_.IsScalar()) fail("is no single value");
  return node_.Scalar();
}

std::string Value::short_text() const {
  std::string value = text();
  if (value.size() > kMaxText) fail(fmt::format("has {} characters, the limit is {}", value.size(), kMaxText));
  if (value.find('\0') != std::string::npos) fail("holds a zero byte");
  return value;
}

bool Value::flag() const {
  const std::string value = text();
  const std::optional<bool> flag = to_flag(value);
  if (!flag) fail(fmt::format("is {}, neither true nor false", base::in_quotes(value)));
  return *flag;
}

double Value::number(double low, double high) const {
  const std::string value = text();
  const std::optional<double> number = to_number(value);
  if (!number) fail(fmt::format("is {}, not a finite number", base::in_quotes(value)));
  if (*number < low || *number > high) fail(fmt::format("is {}, it must be in {}..{}", *number, low, high));
  return *number;
}

std::int64_t Value::integer(std::int64_t low, std::int64_t high) const {
  const double value = number(static_cast<double>(low), static_cast<double>(std::min(high, kMaxExact)));
  if (value != std::floor(value)) fail(fmt::format("is {}, not a whole number", value));
  return static_cast<std::int64_t>(value);
}

std::pair<double, double> Value::range(double low, double high) const {
  const std::vector<Value> values = items();
  if (values.size() != 2) fail(fmt::format("has {} entries, expected 2: [low, high]", values.size()));
  const std::pair<double, double> range{values[0].number(low, high), values[1].number(low, high)};
  if (range.first > range.second)
    fail(fmt::format("is [{}, {}], the first must not be above", range.first, range.second));
  return range;
}

std::vector<Value> Value::items() const {
  if (!node_.IsSequence()) fail("is no list");
  if (node_.size() > kMaxItems) fail(fmt::format("has {} entries, the limit is {}", node_.size(), kMaxItems));
  std::vector<Value> values;
  for (const YAML::Node& item : node_) {
    values.emplace_back(item, fmt::format("{}[{}]", path_, values.size()), place_of(item, place_));
  }
  return values;
}

std::vector<std::pair<std::string, Value>> Value::entries() const {
  if (!node_.IsMap()) fail("is no map of keys to values");
  if (node_.size() > kMaxItems) fail(fmt::format("has {} entries, the limit is {}", node_.size(), kMaxItems));
  std::vector<std::pair<std::string, Value>> found;
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const Place place = place_of(entry.first, place_);
    if (!entry.first.IsScalar()) {
      throw Error(place.code, fmt::format("{}: {} holds a key that is no single value", place.source, path_));
    }
    const std::string& key = entry.first.Scalar();
    Value value(entry.second, path_.empty() ? key : path_ + "." + key, place);
    if (!seen.insert(key).second) value.fail("is given twice");
    found.emplace_back(key, std::move(value));
  }
  return found;
}

YAML::Node parse(std::string_view text, const Place& place) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& e) {
    // The exception's own text may quote the file; a position is enough.
    throw Error(place.code, fmt::format("{}: not YAML at line {}", place.source, e.mark.line + 1));
  }
}

}  // namespace mi2::yaml
