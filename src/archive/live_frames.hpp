#pragma once
// Which frames of objects an archive has, for who asks of many frames of one object after the other.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "archive/catalog.hpp"

namespace mi2::archive {

/// Good as long as nothing changes the catalog.
class LiveFrames {
 public:
  /// @param catalog  outlives it.
  explicit LiveFrames(Catalog& catalog) : catalog_(catalog) {}

  [[nodiscard]] bool has(Id instance, std::int64_t frame) {
    if (instance != instance_) frames_ = catalog_.live_frames(instance);
    instance_ = instance;
    return std::binary_search(frames_.begin(), frames_.end(), frame);
  }

 private:
  Catalog& catalog_;
  Id instance_ = 0;
  std::vector<std::int64_t> frames_;
};

}  // namespace mi2::archive
