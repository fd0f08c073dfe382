#include "archive/portions.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"

namespace mi2::archive {

std::vector<embedder::ExpandedPaths> portions_of(const embedder::ExpandedPaths& paths, const ImageOptions& options,
                                                 std::uint64_t most) {
  std::vector<embedder::ExpandedPaths> portions(1);
  portions.front().skipped = paths.skipped;
  std::uint64_t left = most;
  for (const embedder::Input& input : paths.inputs) {
    const std::uint64_t frames = frames_of(input, options);
    if (frames > left && !portions.back().inputs.empty()) {
      portions.emplace_back();
      left = most;
    }
    left -= frames < left ? frames : left;
    portions.back().inputs.push_back(input);
  }
  return portions;
}

std::function<void(std::uint64_t, std::string_view)> at_most(std::uint64_t most) {
  return [most](std::uint64_t frames, std::string_view name) {
    if (frames > most) throw Error(Code::kTooLarge, fmt::format("{}: {} frames, the limit is {}", name, frames, most));
  };
}

}  // namespace mi2::archive
