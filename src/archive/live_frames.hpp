#pragma once
// Which frames of objects an archive has, for who asks of many frames of one object after the other.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"

namespace mi2::archive {

/// Good as long as nothing changes the catalog.
class LiveFrames {
 public:
  /// @param catalog  outlives it.
  explicit LiveFrames(Catalog& catalog) : catalog_(catalog) {}

  /// @param window  as ItemFacts::window.
  [[nodiscard]] bool has(Id instance, std::int64_t frame, std::string_view window) {
    if (instance != instance_) frames_ = catalog_.live_frames(instance);
    instance_ = instance;
    const auto of_frame = std::equal_range(frames_.begin(), frames_.end(), LiveFrame{frame, {}, 0},
                                           [](const LiveFrame& a, const LiveFrame& b) { return a.frame < b.frame; });
    return std::any_of(of_frame.first, of_frame.second, [&](const LiveFrame& one) { return one.window == window; });
  }

 private:
  Catalog& catalog_;
  Id instance_ = 0;
  std::vector<LiveFrame> frames_;
};

}  // namespace mi2::archive
