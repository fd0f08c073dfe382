#include "server/decode_budget.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace mi2::server {

DecodeBudget::DecodeBudget(std::uint64_t pixels, unsigned threads, std::function<void(std::uint64_t)> report)
    : report_(std::move(report)) {
  small_.limit = pixels / 5;
  small_.most = std::numeric_limits<std::size_t>::max();
  large_.limit = pixels - small_.limit;
  large_.most = threads > 1 ? threads - 1 : 1;
}

bool DecodeBudget::Share::take(std::uint64_t pixels) {
  if (pixels_ > 0) return true;
  if (!budget_.take(std::max<std::uint64_t>(pixels, 1))) return false;
  pixels_ = std::max<std::uint64_t>(pixels, 1);
  return true;
}

bool DecodeBudget::take(std::uint64_t pixels) {
  const std::lock_guard lock(mutex_);
  Kind& kind = kind_of(pixels);
  const bool fits = kind.images < kind.most && kind.pixels <= kind.limit && pixels <= kind.limit - kind.pixels;
  if (kind.images > 0 && !fits) return false;
  ++kind.images;
  kind.pixels += pixels;
  report_(small_.pixels + large_.pixels);
  return true;
}

void DecodeBudget::give(std::uint64_t pixels) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    Kind& kind = kind_of(pixels);
    --kind.images;
    kind.pixels -= pixels;
    report_(small_.pixels + large_.pixels);
    waiting.swap(waiting_);
  }
  for (const std::function<void()>& retry : waiting) retry();
}

void DecodeBudget::when_free(std::function<void()> retry) {
  {
    const std::lock_guard lock(mutex_);
    if (small_.images + large_.images > 0) {
      waiting_.push_back(std::move(retry));
      return;
    }
  }
  retry();
}

}  // namespace mi2::server
