#include "protocols/archives/rights.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "base/nearest.hpp"

namespace mi2::protocols::archives {
namespace {

using nlohmann::json;

constexpr std::string_view kAny = "*";

[[noreturn]] void refuse(std::string_view name, std::string_view place, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", name, place, what));
}

void expect_object(const json& value, std::string_view name, std::string_view place) {
  if (!value.is_object()) refuse(name, place, "expected an object");
}

/// Of a name that is none of `known`.
std::string unknown(std::string_view typed, std::span<const std::string> known) {
  const std::string near = base::nearest(typed, known);
  if (!near.empty()) return fmt::format("unknown name; did you mean {}?", near);
  return fmt::format("unknown name; expected one of {}", fmt::join(known, ", "));
}

Right read_right(const json& value, std::string_view name, const std::string& place) {
  static const std::vector<std::string> kMembers{"rights", "where"};
  static const std::vector<std::string> kRights{"search", "paths", "delete"};
  expect_object(value, name, place);
  for (const auto& [member, ignored] : value.items()) {
    if (std::find(kMembers.begin(), kMembers.end(), member) == kMembers.end()) {
      refuse(name, place, unknown(member, kMembers));
    }
  }
  const auto list = value.find("rights");
  if (list == value.end() || !list->is_array()) refuse(name, place, "expected a list 'rights'");
  Right right;
  for (const json& one : *list) {
    if (!one.is_string()) refuse(name, place, "expected texts in 'rights'");
    const auto& text = one.get_ref<const std::string&>();
    if (std::find(kRights.begin(), kRights.end(), text) == kRights.end()) refuse(name, place, unknown(text, kRights));
    (text == "search" ? right.search : text == "paths" ? right.paths : right.remove) = true;
  }
  if (!right.search && !list->empty()) refuse(name, place, "expected 'search' beside other rights");
  const auto where = value.find("where");
  if (where == value.end()) return right;
  try {
    right.rows = archive::filter::from_json(*where);
  } catch (const Error& error) {
    refuse(name, place + ".where", error.what());
  }
  // The mean of a series is of all its images: what lets by some of them would show the others through it.
  for (const std::string_view field : {"image", "path", "kind", "frame", "position", "source", "label"}) {
    if (archive::filter::uses(*right.rows, field)) {
      refuse(name, place + ".where", fmt::format("expected fields of series, studies and patients, got {}", field));
    }
  }
  return right;
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Rights Rights::parse(std::string_view text, std::string_view name, std::span<const std::string> names) {
  const json file = base::parse_json(text, {.name = name, .fault = Code::kBadFile});
  Rights rights;
  rights.everyone_ = false;
  expect_object(file, name, "the file");
  if (file.size() != 1 || !file.contains("keys")) refuse(name, "the file", "expected one member, 'keys'");
  std::size_t number = 0;
  const json& keys = file.at("keys");
  expect_object(keys, name, "keys");
  for (const auto& [key, archives] : keys.items()) {
    const std::string place = fmt::format("key {}", ++number);  // whoever confuses key and digest must not find it here
    if (key != kAny && !is_digest(key)) {
      refuse(name, place, "expected * or the SHA-256 of a key, 64 digits of 0 to 9 and a to f");
    }
    ByArchive& known = rights.keys_[key];
    expect_object(archives, name, place);
    for (const auto& [archive, right] : archives.items()) {
      if (archive != kAny && std::find(names.begin(), names.end(), archive) == names.end()) {
        refuse(name, place, fmt::format("archive: {}", unknown(archive, names)));
      }
      known[archive] = read_right(right, name, fmt::format("{}: {}", place, archive));
    }
  }
  return rights;
}

bool Rights::names_keys() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const auto& entry) { return entry.first != kAny; });
}

Right Rights::of(std::string_view caller, std::string_view archive) const {
  if (everyone_) {
    Right search;
    search.search = true;
    return search;
  }
  auto key = keys_.find(caller);
  if (key == keys_.end()) key = keys_.find(kAny);
  if (key == keys_.end()) return {};
  auto right = key->second.find(archive);
  if (right == key->second.end()) right = key->second.find(kAny);
  return right == key->second.end() ? Right{} : right->second;
}

}  // namespace mi2::protocols::archives
