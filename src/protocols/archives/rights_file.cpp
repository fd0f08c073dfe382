// The file that says who may do what.

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"
#include "base/nearest.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/caller.hpp"

namespace mi2::protocols::archives {
namespace {

using nlohmann::json;

/// Sorted, as all lists of names are in errors.
std::vector<std::string> right_names() {
  std::vector<std::string> names;
  for (const NamedRight& right : kRights) names.emplace_back(right.name);
  std::sort(names.begin(), names.end());
  return names;
}

/// Null for no right.
bool Right::*flag_of(std::string_view name) {
  const auto* const found =
      std::find_if(kRights.begin(), kRights.end(), [name](const NamedRight& right) { return right.name == name; });
  return found == kRights.end() ? nullptr : found->flag;
}

/// Names of rights by the name of a role.
using Roles = std::map<std::string, std::vector<std::string>, std::less<>>;

const Roles& built_in_roles() {
  static const Roles kRoles{{"search", {"search"}},
                            {"identifiers", {"search", "paths"}},
                            {"push", {"search", "push"}},
                            {"administer", {"search", "add", "delete", "administer"}}};
  return kRoles;
}

template <typename Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, ignored] : map) names.push_back(name);
  return names;
}

/// Of a name that is none of `known`.
std::string unknown(std::string_view typed, std::span<const std::string> known) {
  const std::string near = base::nearest(typed, known);
  if (!near.empty()) return fmt::format("unknown name; did you mean {}?", near);
  return fmt::format("unknown name; expected one of {}", fmt::join(known, ", "));
}

class FileReader {
 public:
  FileReader(std::string_view name, std::span<const std::string> archives) : name_(name), archives_(archives) {}

  [[noreturn]] void refuse(std::string_view place, std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: {}: {}", name_, place, what));
  }

  void expect_object(const json& value, std::string_view place) const {
    if (!value.is_object()) refuse(place, "expected an object");
  }

  void check_members(const json& object, std::string_view place, const std::vector<std::string>& known) const {
    expect_object(object, place);
    for (const auto& [member, ignored] : object.items()) {
      if (std::find(known.begin(), known.end(), member) == known.end()) refuse(place, unknown(member, known));
    }
  }

  /// The texts of a list. A list that is not there has none.
  [[nodiscard]] std::vector<std::string> read_texts(const json& object, std::string_view member,
                                                    std::string_view place) const {
    const auto list = object.find(member);
    if (list == object.end()) return {};
    if (!list->is_array()) refuse(place, fmt::format("expected a list '{}'", member));
    std::vector<std::string> texts;
    for (const json& one : *list) {
      if (!one.is_string()) refuse(place, fmt::format("expected texts in '{}'", member));
      texts.push_back(one.get<std::string>());
    }
    return texts;
  }

  void read_roles(const json& file) {
    if (!file.contains("roles")) return;
    const json& roles = file.at("roles");
    expect_object(roles, "roles");
    for (const auto& [role, ignored] : roles.items()) {
      if (!is_caller_name(role)) refuse("roles", "expected names of 1 to 256 printable characters");
      const std::string place = fmt::format("role {}", role);
      if (built_in_roles().contains(role)) refuse(place, "this name is built in; expected another one");
      std::vector<std::string> rights = read_texts(roles, role, place);
      for (const std::string& right : rights) check_right(right, place);
      roles_[role] = std::move(rights);
    }
  }

  /// What one entry lets by, archive by archive.
  template <typename ByArchive>
  void read_entry(const json& entry, const std::string& place, ByArchive& known) const {
    expect_object(entry, place);
    for (const auto& [archive, right] : entry.items()) {
      if (archive != Rights::kAny && std::find(archives_.begin(), archives_.end(), archive) == archives_.end()) {
        refuse(place, fmt::format("archive: {}", unknown(archive, archives_)));
      }
      known[archive] = read_right(right, fmt::format("{}: {}", place, archive));
    }
  }

 private:
  void check_right(const std::string& right, std::string_view place) const {
    if (flag_of(right) == nullptr) refuse(place, unknown(right, right_names()));
  }

  [[nodiscard]] Right read_right(const json& value, const std::string& place) const {
    check_members(value, place, {"rights", "roles", "where"});
    if (!value.contains("rights") && !value.contains("roles")) refuse(place, "expected a list 'rights', or 'roles'");
    Right right;
    std::vector<std::string> all = read_texts(value, "rights", place);
    for (const std::string& name : all) check_right(name, place);
    for (const std::string& role : read_texts(value, "roles", place)) {
      const auto found = roles_.find(role);
      if (found == roles_.end()) refuse(place, fmt::format("role: {}", unknown(role, names_of(roles_))));
      all.insert(all.end(), found->second.begin(), found->second.end());
    }
    for (const std::string& name : all) right.*flag_of(name) = true;
    if (!right.search && !all.empty()) refuse(place, "expected 'search' beside other rights");
    const auto where = value.find("where");
    if (where != value.end()) read_rows(*where, place, right);
    return right;
  }

  void read_rows(const json& where, const std::string& place, Right& right) const {
    // What becomes of a file says whether the archive has its object.
    if (right.add) refuse(place, "expected no 'where' beside the right to add");
    // Cards are of all rows.
    if (right.push) refuse(place, "expected no 'where' beside the right to push");
    // And so is what others have done.
    if (right.administer) refuse(place, "expected no 'where' beside the right to administer");
    try {
      right.rows = archive::filter::from_json(where);
    } catch (const Error& error) {
      refuse(place + ".where", error.what());
    }
    // The mean of a series is of all its images: what lets by some of them would show the others through it.
    for (const std::string_view field : {"image", "path", "kind", "frame", "position", "source", "label"}) {
      if (archive::filter::uses(*right.rows, field)) {
        refuse(place + ".where", fmt::format("expected fields of series, studies and patients, got {}", field));
      }
    }
  }

  std::string_view name_;
  std::span<const std::string> archives_;
  Roles roles_ = built_in_roles();
};

}  // namespace

Rights Rights::parse(std::string_view text, std::string_view name, std::span<const std::string> names) {
  static const std::vector<std::string> kMembers{"keys", "users", "groups", "roles"};
  const json file = base::parse_json(text, {.name = name, .fault = Code::kBadFile});
  Rights rights;
  rights.everyone_ = false;
  FileReader reader(name, names);
  reader.check_members(file, "the file", kMembers);
  if (!file.contains("keys") && !file.contains("users") && !file.contains("groups")) {
    reader.refuse("the file", "expected a member 'keys', 'users' or 'groups'");
  }
  reader.read_roles(file);
  std::size_t number = 0;
  const json& keys = file.contains("keys") ? file.at("keys") : json::object();
  reader.expect_object(keys, "keys");
  for (const auto& [key, archives] : keys.items()) {
    const std::string place = fmt::format("key {}", ++number);  // whoever confuses key and digest must not find it here
    if (key != Rights::kAny && !is_sha256(key)) {
      reader.refuse(place, "expected * or the SHA-256 of a key, 64 digits of 0 to 9 and a to f");
    }
    reader.read_entry(archives, place, rights.keys_[key]);
  }
  for (const auto& [member, known] : {std::pair("users", &rights.users_), std::pair("groups", &rights.groups_)}) {
    if (!file.contains(member)) continue;
    const std::string_view what = member == std::string_view("users") ? "user" : "group";
    reader.expect_object(file.at(member), member);
    number = 0;
    for (const auto& [one, archives] : file.at(member).items()) {
      // By number: the log has no names.
      const std::string place = fmt::format("{} {} (by the alphabet)", what, ++number);
      if (!is_caller_name(one)) reader.refuse(place, "expected a name of 1 to 256 printable characters of ASCII");
      if (one == Rights::kAny && what == "group")
        reader.refuse(place, "expected the name of a group; \"users\" may have *");
      reader.read_entry(archives, place, (*known)[one]);
    }
  }
  return rights;
}

void check_rights(const Rights& rights, const Admission& admission, const std::filesystem::path& file) {
  const auto refuse = [&](std::string_view what) {
    throw Error(Code::kBadFile, fmt::format("{}: {}", file.string(), what));
  };
  if (rights.names_keys() && !admission.keys) {
    refuse("names keys where none is asked for; expected --api-key-file with it");
  }
  if (rights.names_users() && !admission.users) {
    refuse("names users or groups where nobody says who they are; expected --user-header with it");
  }
  if (rights.names_groups() && !admission.groups) {
    refuse("names groups where nobody says which they are; expected --groups-header with it");
  }
  // A browser posts the form of any page here without asking first; what the page cannot know is a key.
  if (rights.lets_anybody_change() && !admission.keys) {
    refuse(
        "lets everybody (*) add, delete or push where no key is asked for, any web page that is opened on this "
        "network too; expected --api-key-file with it");
  }
}

}  // namespace mi2::protocols::archives
