#pragma once
// Files of a dataset by their names, where a recipe knows better than by name alone which of several is meant.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "recipe/listing.hpp"
#include "recipe/paths.hpp"

namespace mi2::recipe {

class NamedFiles {
 public:
  /// Of the files that `wanted` takes. Of several that have one key, the one in the fewest folders counts, then the
  /// first by path.
  /// @param files  must outlive it. @param key_of  of a file's name; an empty key is none.
  NamedFiles(const Listing& files, const std::function<bool(std::string_view path)>& wanted,
             const std::function<std::string(std::string_view name)>& key_of);

  /// The path from the root.
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;

 private:
  std::unordered_map<std::string, const Listing::File*> files_;
};

}  // namespace mi2::recipe
