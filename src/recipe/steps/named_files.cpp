#include "recipe/steps/named_files.hpp"

#include <utility>

namespace mi2::recipe {
NamedFiles::NamedFiles(const Listing& files, const std::function<bool(std::string_view path)>& wanted,
                       const std::function<std::string(std::string_view name)>& key_of) {
  for (const Listing::File& file : files.files()) {
    if (!wanted(file.path)) continue;
    const std::string_view path = file.path;
    std::string key = key_of(path.substr(path.rfind('/') + 1));
    if (key.empty()) continue;
    const auto [other, is_new] = files_.emplace(std::move(key), &file);
    if (!is_new && depth_of(path) < depth_of(other->second->path)) other->second = &file;
  }
}

std::optional<std::string> NamedFiles::find(const std::string& key) const {
  const auto found = files_.find(key);
  return found == files_.end() ? std::nullopt : std::optional(found->second->path);
}

}  // namespace mi2::recipe
