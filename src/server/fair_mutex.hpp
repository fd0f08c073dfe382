#pragma once
// Forward passes of several models take turns: each already uses every core.

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace mi2::server {

/// A lock that is handed out in the order it was asked for, so that a busy model does not keep another one out.
class FairMutex {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const std::uint64_t ticket = next_++;
    turn_.wait(guard, [&] { return serving_ == ticket; });
  }

  void unlock() {
    {
      const std::lock_guard guard(mutex_);
      ++serving_;
    }
    turn_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ = 0;
  std::uint64_t serving_ = 0;
};

}  // namespace mi2::server
