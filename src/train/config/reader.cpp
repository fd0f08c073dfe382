// From YAML to settings: each key is looked up in the table; what is in none is an error.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "base/files.hpp"
#include "train/config/keys.hpp"
#include "train/config/resolve.hpp"
#include "train/config/suggest.hpp"
#include "weights/names.hpp"

namespace mi2::train {
namespace {

class Reader {
 public:
  Reader() {
    for (const Key& key : all_keys()) keys_.emplace(key.path, key);
    for (const FixedKey& key : fixed_keys()) fixed_.emplace(key.path, key);
    for (const auto& [alias, path] : key_aliases()) aliases_.emplace(alias, path);
    for (const std::string_view path : model_keys()) model_.insert(path);
    for (const auto& [path, key] : keys_) add_sections(path);
    for (const auto& [path, key] : fixed_) add_sections(path);
    for (const auto& [path, key] : aliases_) add_sections(path);
    for (const std::string_view path : model_) add_sections(path);
  }

  void read_file(const YAML::Node& root, const Place& place) {
    const Value document(root, "", place);
    if (document.is_null()) return;
    if (!root.IsMap()) throw Error(place.code, fmt::format("{}: holds no map of keys to values", place.source));
    read_section(document);
  }

  void read_override(const std::string& text) {
    const Place place{"--set", Code::kBadArgument};
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(place.code, fmt::format("--set: {} is no KEY.SUB=VALUE", weights::in_quotes(text)));
    }
    const std::string path = text.substr(0, equals);
    given_.clear();
    read_value(Value(yaml::parse(std::string_view(text).substr(equals + 1), place), path, place));
  }

  Draft& draft() { return draft_; }
  [[nodiscard]] const YAML::Node& model() const { return model_sections_; }

 private:
  void add_sections(std::string_view path) {
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
      sections_.insert(path.substr(0, dot));
    }
  }

  void read_section(const Value& section) {
    for (const auto& [key, value] : section.entries()) read_value(value);
  }

  void read_value(const Value& value) {
    const std::string_view path = value.path();
    if (const auto key = keys_.find(path); key != keys_.end()) return read_key(key->second, value);
    if (const auto alias = aliases_.find(path); alias != aliases_.end()) {
      return read_key(keys_.at(alias->second), value);
    }
    if (const auto key = fixed_.find(path); key != fixed_.end()) return read_fixed(key->second, value);
    if (model_.contains(path)) return read_model(value);
    if (sections_.contains(path)) {
      if (!value.is_null()) read_section(value);
      return;
    }
    fail_unknown(value);
  }

  void read_key(const Key& key, const Value& value) {
    const auto [other, first] = given_.emplace(key.path, value.path());
    if (!first) value.fail(fmt::format("says the same as {}: give one of them", other->second));
    if (value.is_null() && !key.null_counts) return;
    key.read(draft_, value);
  }

  void read_fixed(const FixedKey& key, const Value& value) {
    if (!key.allowed.empty() && !value.is_null()) {
      const std::string text = value.text();
      if (std::find(key.allowed.begin(), key.allowed.end(), text) == key.allowed.end()) {
        value.unsupported(fmt::format("is {}, mi2 has {}", weights::in_quotes(text), key.allowed.front()));
      }
      return;
    }
    std::vector<std::string>& unused = draft_.config.without_effect;
    if (std::find(unused.begin(), unused.end(), key.path) == unused.end()) unused.emplace_back(key.path);
  }

  /// Kept as it stands; weights::parse_config reads it when the sections are complete.
  void read_model(const Value& value) {
    if (value.is_null()) return;
    if (value.node().IsSequence()) {
      for (const Value& item : value.items()) static_cast<void>(item.text());
    } else {
      static_cast<void>(value.text());
    }
    YAML::Node section = model_sections_;
    std::string_view rest = value.path();
    while (rest.find('.') != std::string_view::npos) {
      section.reset(section[std::string(rest.substr(0, rest.find('.')))]);
      rest.remove_prefix(rest.find('.') + 1);
    }
    section[std::string(rest)] = value.node();
  }

  [[noreturn]] void fail_unknown(const Value& value) const {
    const std::string hint = suggestion(value.path());
    throw Error(value.place().code, fmt::format("{}: unknown key {}{}", value.place().source,
                                                weights::in_quotes(value.path()), hint.empty() ? "" : "; " + hint));
  }

  std::map<std::string_view, Key> keys_;
  std::map<std::string_view, FixedKey> fixed_;
  std::map<std::string_view, std::string_view> aliases_;
  std::set<std::string_view> model_;
  std::set<std::string_view> sections_;
  std::map<std::string_view, std::string> given_;
  Draft draft_;
  YAML::Node model_sections_{YAML::NodeType::Map};
};

}  // namespace

TrainConfig parse_train_config(std::string_view yaml, std::string_view name,
                               const std::vector<std::string>& overrides) {
  if (yaml.size() > kMaxTrainConfigBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", name, yaml.size(), kMaxTrainConfigBytes));
  }
  Reader reader;
  const Place file{std::string(name), Code::kBadFile};
  // Entries name their own lines; the root stands at the first.
  reader.read_file(yaml::parse(yaml, file), {fmt::format("{}:1", name), Code::kBadFile});
  for (const std::string& override_text : overrides) reader.read_override(override_text);
  return resolve(reader.draft(), reader.model(), name);
}

TrainConfig load_train_config(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  return parse_train_config(base::read_text_file(path, kMaxTrainConfigBytes), path.string(), overrides);
}

}  // namespace mi2::train
