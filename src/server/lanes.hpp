#pragma once
// Threads for work of several kinds that waits for its own kind alone.

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "server/net.hpp"

namespace mi2::server {

/// Does one work of a lane at a time, in the order in which they come: what waits for its turn in one lane takes no
/// thread that another one could have. Used on one thread.
class Lanes {
 public:
  explicit Lanes(std::size_t threads) : pool_(threads) {}

  /// @param lane  one of few names, which are kept.
  template <typename Work>
  void post(const std::string& lane, Work work) {
    asio::post(lanes_.try_emplace(lane, pool_.get_executor()).first->second, std::move(work));
  }

 private:
  asio::thread_pool pool_;
  std::map<std::string, asio::strand<asio::thread_pool::executor_type>> lanes_;
};

}  // namespace mi2::server
