#pragma once
// What was added from files of several images, as from a zip.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "embedder/inputs.hpp"

namespace mi2::archive {

/// What is in files of several images. The last few are kept open.
class Containers {
 public:
  /// @param expand  outlives it.
  explicit Containers(const embedder::ExpandArchive& expand) : expand_(expand) {}

  /// @returns nothing if there is no such image. @throws what reading the file throws.
  std::optional<embedder::Input> find(const std::string& file, const std::string& locator) {
    auto known = std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.file == file; });
    if (known == open_.end()) {
      embedder::ExpandedPaths inside;
      embedder::FoundFiles found(inside);
      if (!expand_ || !expand_(file, found)) return std::nullopt;
      if (open_.size() == kOpen) open_.erase(open_.begin());
      known = open_.insert(open_.end(), {file, {}});
      for (embedder::Input& input : inside.inputs) {
        std::string path = input.path;
        known->inputs.emplace(std::move(path), std::move(input));
      }
    }
    const auto input = known->inputs.find(locator);
    return input == known->inputs.end() ? std::nullopt : std::optional(input->second);
  }

 private:
  static constexpr std::size_t kOpen = 4;
  struct Open {
    std::string file;
    std::unordered_map<std::string, embedder::Input> inputs;
  };
  const embedder::ExpandArchive& expand_;
  std::vector<Open> open_;  ///< the newest last
};

}  // namespace mi2::archive
