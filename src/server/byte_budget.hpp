#pragma once
// Bytes of requests and answers in memory, over all connections. Used on one thread.

#include <cstdint>
#include <utility>

#include "server/metrics.hpp"

namespace mi2::server {

class ByteBudget {
 public:
  ByteBudget(std::uint64_t limit, Metrics& metrics) : limit_(limit), metrics_(metrics) {}

  /// What one request holds of the budget, given back at its end.
  class Share {
   public:
    explicit Share(ByteBudget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { give_back(); }

    /// @returns false if the budget does not allow it.
    [[nodiscard]] bool grow_to(std::uint64_t size) {
      if (size > size_) {
        if (!budget_.take(size - size_)) return false;
        size_ = size;
      }
      return true;
    }

    [[nodiscard]] bool grow_by(std::uint64_t size) { return grow_to(size_ + size); }

    void give_back() { budget_.give(std::exchange(size_, 0)); }

   private:
    ByteBudget& budget_;
    std::uint64_t size_ = 0;
  };

 private:
  [[nodiscard]] bool take(std::uint64_t size) {
    if (size > limit_ - used_) return false;
    used_ += size;
    metrics_.buffered(used_);
    return true;
  }
  void give(std::uint64_t size) {
    used_ -= size;
    metrics_.buffered(used_);
  }

  std::uint64_t limit_;
  std::uint64_t used_ = 0;
  Metrics& metrics_;
};

}  // namespace mi2::server
