#pragma once
// Threads that fetch ahead, each over a connection of its own.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "dicomweb/feed.hpp"

namespace mi2::dicomweb {

class Fetchers {
 public:
  using MakeClient = std::function<std::unique_ptr<Client>(std::stop_token stop)>;

  /// @param most_waiting  bytes that have come and not been taken: beyond that nothing more is begun.
  Fetchers(Feed& feed, const MakeClient& make_client, unsigned threads, std::uint64_t most_waiting);
  Fetchers(const Fetchers&) = delete;
  Fetchers& operator=(const Fetchers&) = delete;
  /// Ends what is being fetched.
  ~Fetchers();

  /// The next load, in the order of the feed, once it is there. Nothing after the last.
  /// @param meanwhile  called now and then; what it throws is thrown.  @throws what ended a thread.
  std::optional<Load> take(const std::function<void()>& meanwhile);
  /// The same if it is there already.
  std::optional<Load> take_ready();

 private:
  void work(const MakeClient& make_client, const std::stop_token& stop);
  bool fetch_next(Client& client, const std::stop_token& stop);
  std::optional<Load> take_locked();

  Feed& feed_;
  std::uint64_t most_waiting_;
  std::mutex feed_mutex_;  ///< of feed_ and begun_
  std::size_t begun_ = 0;  ///< pieces
  std::mutex mutex_;       ///< of all below
  std::condition_variable_any changed_;
  std::map<std::size_t, Load> ready_;
  std::size_t taken_ = 0;
  std::uint64_t waiting_ = 0;  ///< bytes in ready_
  unsigned running_ = 0;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  ///< the last: they use the rest
};

}  // namespace mi2::dicomweb
