#include "server/trimmer.hpp"

#include <malloc.h>

#include <chrono>

namespace mi2::server {
namespace {

/// Less is not worth the search through the allocator's lists.
constexpr std::uint64_t kLarge = 4U << 20;
/// Until then the request's last buffers are free, and neighbours are done with together.
constexpr std::chrono::milliseconds kPause{500};

}  // namespace

void Trimmer::note(std::uint64_t bytes) {
  if (bytes < kLarge || due_) return;
  due_ = true;
  timer_.expires_after(kPause);
  timer_.async_wait([this](error_code stopped) {
    due_ = false;
    if (!stopped) asio::post(workers_, [] { ::malloc_trim(0); });
  });
}

}  // namespace mi2::server
