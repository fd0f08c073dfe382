#include "train/config/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/nearest.hpp"
#include "train/config/keys.hpp"

namespace mi2::train {
namespace {

/// A longer key is no slip of the pen, and comparing it would take long.
constexpr std::size_t kMaxCompared = 100;

std::string_view leaf_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }
std::string_view section_of(std::string_view path) { return path.substr(0, path.size() - leaf_of(path).size()); }

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::toupper(c); });
  return result;
}

/// Paths and the names of sections ("AUG").
std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const Key& key : all_keys()) names.push_back(key.path);
  for (const auto& [alias, path] : key_aliases()) names.push_back(alias);
  for (const FixedKey& key : fixed_keys()) names.push_back(key.path);
  for (const std::string_view path : model_keys()) names.push_back(path);
  for (std::size_t i = 0, count = names.size(); i < count; ++i) {
    for (std::size_t dot = names[i].find('.'); dot != std::string_view::npos; dot = names[i].find('.', dot + 1)) {
      names.push_back(names[i].substr(0, dot));
    }
  }
  return names;
}

/// Slips between two keys; a key in another section is a little further away than one in the same.
std::size_t distance(std::string_view path, std::string_view known) {
  const std::size_t slips = base::edit_distance(upper(leaf_of(path)), upper(leaf_of(known)));
  return 2 * slips + (upper(section_of(path)) == upper(section_of(known)) ? 0 : 1);
}

}  // namespace

std::string suggestion(std::string_view path) {
  for (const auto& [theirs, ours] : foreign_keys()) {
    if (path == theirs) return fmt::format("here it is {}", ours);
  }
  if (path.size() > kMaxCompared) return {};
  std::string_view best;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string_view known : known_names()) {
    const std::size_t far = distance(path, known);
    if (far < least) {
      least = far;
      best = known;
    }
  }
  if (least <= 1 && leaf_of(path) == leaf_of(best)) return fmt::format("it belongs to another section: {}", best);
  const std::size_t tolerated = std::max<std::size_t>(1, (leaf_of(path).size() + 1) / 3);
  return least / 2 <= tolerated ? fmt::format("did you mean {}?", best) : std::string();
}

}  // namespace mi2::train
