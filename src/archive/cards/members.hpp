#pragma once
// The members of a JSON object, written and read by the same calls, so that a form is described once for both ways: a
// function template names each member for MemberWriter and for Members alike. Private to card_json.cpp.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/cards/card.hpp"
#include "base/base64.hpp"
#include "base/little_endian.hpp"

namespace mi2::archive::cards {

using Json = nlohmann::json;

inline constexpr std::uint64_t kMostIds = std::numeric_limits<std::int64_t>::max();
inline constexpr std::size_t kMostTags = 16;

/// What is empty, false or not there is not written.
class MemberWriter {
 public:
  void text(const char* key, const std::string& value) {
    if (!value.empty()) json_[key] = value;
  }
  void hash(const char* key, const std::string& value, std::size_t /*digits*/) { text(key, value); }
  template <typename Whole>
  void whole(const char* key, const Whole& value, std::uint64_t /*low*/, std::uint64_t /*high*/) {
    json_[key] = value;
  }
  void number(const char* key, double value) {
    // The same in all places: JSON has no other numbers.
    if (!std::isfinite(value)) throw Error(Code::kInternal, fmt::format("card: {}: not a finite number", key));
    json_[key] = value;
  }
  void number(const char* key, const std::optional<double>& value) {
    if (value) number(key, *value);
  }
  void flag(const char* key, bool value) {
    if (value) json_[key] = true;
  }
  void texts(const char* key, const std::vector<std::string>& values) {
    if (!values.empty()) json_[key] = values;
  }
  template <typename Enum>
  void word(const char* key, const Enum& value, std::span<const std::string_view> words) {
    json_[key] = words[static_cast<std::size_t>(value)];
  }
  void floats(const char* key, const std::vector<float>& values, std::size_t /*count*/) {
    std::string bytes;
    for (const float value : values) base::append_little_endian(bytes, std::bit_cast<std::uint32_t>(value));
    json_[key] = base::base64_encode(std::as_bytes(std::span(bytes)));
  }
  void ids(const char* key, const std::vector<Id>& values, std::size_t /*most*/) {
    if (!values.empty()) json_[key] = values;
  }
  void subjects(const char* key, const std::vector<Subject>& values) {
    if (values.empty()) return;
    Json& rows = json_[key] = Json::array();
    for (const Subject& who : values) rows.push_back(Json::array({who.patient, who.study, who.instance}));
  }
  template <typename Visit>
  void object(const char* key, const Visit& visit) {
    MemberWriter inner;
    visit(inner);
    json_[key] = std::move(inner.json_);
  }
  template <typename Value, typename Visit>
  void maybe(const char* key, const std::optional<Value>& value, const Visit& visit) {
    if (value) object(key, [&](MemberWriter& inner) { visit(inner, *value); });
  }
  template <typename Value, typename Visit>
  void list(const char* key, const std::vector<Value>& values, std::size_t /*most*/, const Visit& visit) {
    Json& rows = json_[key] = Json::array();
    for (const Value& value : values) {
      MemberWriter inner;
      visit(inner, value);
      rows.push_back(std::move(inner.json_));
    }
  }

  [[nodiscard]] std::string dump() const { return json_.dump(-1, ' ', false, Json::error_handler_t::replace); }

 private:
  Json json_ = Json::object();
};

/// What it does not find stays as it is; what it does not know, the comparison with canonical text finds.
class Members {
 public:
  /// @param place  of the object, as errors name it. `json` outlives it.
  Members(const Json& json, std::string_view name, std::string place)
      : json_(json), name_(name), place_(std::move(place)) {
    if (!json_.is_object()) refuse("", "an object");
  }

  void text(const char* key, std::string& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_string()) refuse(key, "text");
    value = found->get<std::string>();
  }
  void hash(const char* key, std::string& value, std::size_t digits) const {
    text(key, value);
    if (value.empty()) return;
    if (value.size() != digits || value.find_first_not_of("0123456789abcdef") != std::string::npos) {
      refuse(key, fmt::format("{} hexadecimal digits", digits));
    }
  }
  template <typename Whole>
  void whole(const char* key, Whole& value, std::uint64_t low, std::uint64_t high) const {
    const Json* found = find(key);
    if (found != nullptr) value = static_cast<Whole>(whole_of(*found, key, low, high));
  }
  void number(const char* key, double& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_number()) refuse(key, "a number");
    value = found->get<double>();
    if (!std::isfinite(value)) refuse(key, "a finite number");
  }
  void number(const char* key, std::optional<double>& value) const {
    if (find(key) != nullptr) number(key, value.emplace());
  }
  void flag(const char* key, bool& value) const {
    const Json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) refuse(key, "true");
    value = found->get<bool>();
  }
  void texts(const char* key, std::vector<std::string>& values) const {
    for (const Json& each : items(key, kMostTags)) {
      if (!each.is_string()) refuse(key, "texts");
      values.push_back(each.get<std::string>());
    }
  }
  template <typename Enum>
  void word(const char* key, Enum& value, std::span<const std::string_view> words) const {
    std::string found;
    text(key, found);
    const auto known = std::find(words.begin(), words.end(), std::string_view(found));
    if (known == words.end()) refuse(key, fmt::format("one of {}", fmt::join(words, ", ")));
    value = static_cast<Enum>(known - words.begin());
  }
  void floats(const char* key, std::vector<float>& values, std::size_t count) const {
    std::string encoded;
    text(key, encoded);
    // Before anything is decoded.
    if (encoded.size() != (4 * count + 2) / 3 * 4) refuse(key, fmt::format("base64 of {} f32 numbers", count));
    const std::string bytes = decoded(key, encoded);
    if (bytes.size() != 4 * count) refuse(key, fmt::format("base64 of {} f32 numbers", count));
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(
          std::bit_cast<float>(base::read_little_endian<std::uint32_t>(std::as_bytes(std::span(bytes)), 4 * i)));
      if (!std::isfinite(values.back())) refuse(key, "finite numbers");
    }
  }
  void ids(const char* key, std::vector<Id>& values, std::size_t most) const {
    for (const Json& each : items(key, most)) values.push_back(static_cast<Id>(whole_of(each, key, 0, kMostIds)));
  }
  void subjects(const char* key, std::vector<Subject>& values) const {
    for (const Json& each : items(key, kMostSubjects)) {
      if (!each.is_array() || each.size() != 3) refuse(key, "lists of three numbers");
      const auto id = [&](std::size_t i) { return static_cast<Id>(whole_of(each[i], key, 0, kMostIds)); };
      values.push_back({id(0), id(1), id(2)});
    }
  }
  template <typename Visit>
  void object(const char* key, const Visit& visit) const {
    static const Json kNothing = Json::object();
    const Json* found = find(key);
    Members inner(found == nullptr ? kNothing : *found, name_, fmt::format("{}{}.", place_, key));
    visit(inner);
  }
  template <typename Value, typename Visit>
  void maybe(const char* key, std::optional<Value>& value, const Visit& visit) const {
    if (find(key) != nullptr) object(key, [&](Members& inner) { visit(inner, value.emplace()); });
  }
  template <typename Value, typename Visit>
  void list(const char* key, std::vector<Value>& values, std::size_t most, const Visit& visit) const {
    for (const Json& each : items(key, most)) {
      Members inner(each, name_, fmt::format("{}{} {}.", place_, key, values.size() + 1));
      visit(inner, values.emplace_back());
    }
  }

  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const {
    const std::string place = place_.empty() && key.empty() ? std::string() : fmt::format("{}{}: ", place_, key);
    throw Error(Code::kBadFile, fmt::format("{}: {}expected {}", name_, place, expected));
  }

 private:
  [[nodiscard]] const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }

  [[nodiscard]] const Json& items(const char* key, std::size_t most) const {
    static const Json kNone = Json::array();
    const Json* found = find(key);
    if (found == nullptr) return kNone;
    if (!found->is_array()) refuse(key, "a list");
    if (found->size() > most) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: {}{}: expected at most {}, got {}", name_, place_, key, most, found->size()));
    }
    return *found;
  }

  [[nodiscard]] std::uint64_t whole_of(const Json& value, const char* key, std::uint64_t low,
                                       std::uint64_t high) const {
    const bool fits =
        value.is_number_unsigned() && value.get<std::uint64_t>() >= low && value.get<std::uint64_t>() <= high;
    if (!fits) refuse(key, fmt::format("a whole number from {} to {}", low, high));
    return value.get<std::uint64_t>();
  }

  [[nodiscard]] std::string decoded(const char* key, const std::string& text) const {
    try {
      return base::base64_decode(text, name_);
    } catch (const Error&) {
      refuse(key, "base64");
    }
  }

  const Json& json_;
  std::string_view name_;
  std::string place_;
};

}  // namespace mi2::archive::cards
