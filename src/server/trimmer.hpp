#pragma once
// Memory of large requests goes back to the system: the allocator alone would keep it for the next one.

#include <cstdint>

#include "server/net.hpp"

namespace mi2::server {

/// Used on one thread, that of the executor.
class Trimmer {
 public:
  Trimmer(const asio::any_io_executor& executor, asio::thread_pool& workers) : timer_(executor), workers_(workers) {}

  /// A request that read and wrote so many bytes is over.
  void note(std::uint64_t bytes);
  /// Nothing is left to do.
  void stop() { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
  asio::thread_pool& workers_;
  bool due_ = false;
};

}  // namespace mi2::server
