#pragma once
// Frames on their way into an archive.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <mi2/image.hpp>

#include "archive/archive.hpp"
#include "archive/catalog.hpp"

namespace mi2::archive {

/// What was seen of a frame while it was decoded.
struct Seen {
  std::vector<std::byte> thumbnail;  ///< empty: there is none
  std::optional<Fingerprint> pixels;
};

/// The same of frames that are on their way through the model, by the number of the item. At most as many as that has.
class SeenFrames {
 public:
  /// From any thread.
  void put(std::uint64_t item, Seen seen) {
    const std::lock_guard lock(mutex_);
    seen_.emplace(item, std::move(seen));
  }
  Seen take(std::uint64_t item) {
    const std::lock_guard lock(mutex_);
    auto found = seen_.extract(item);
    return found ? std::move(found.mapped()) : Seen();
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, Seen> seen_;
};

/// A frame whose vector is in its place, or waits for it: in a shared archive others may take the next row meanwhile.
struct StoredFrame {
  std::size_t file = 0;
  FrameFacts facts;
  std::vector<float> vector{};  ///< empty: it is in its place, as the thumbnail is
  std::vector<std::byte> thumbnail{};
};

/// Puts it where it stays. Inside of a transaction of a shared archive; of another one at any time.
inline void place(StoredFrame& frame, Writer& archive) {
  frame.facts.row = archive.segments().next();
  if (!frame.thumbnail.empty()) frame.facts.thumb = archive.thumbs().append(frame.facts.row, frame.thumbnail);
  archive.segments().append(frame.vector);
  frame.vector = {};
  frame.thumbnail = {};
}

}  // namespace mi2::archive
