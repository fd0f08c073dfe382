#pragma once
// What the server's coroutines have in common. Private to the server: no other folder includes it.

#include "net/names.hpp"

namespace mi2::server {

namespace asio = net::asio;
namespace beast = net::beast;
namespace http = net::http;
using net::error_code;
using net::into;
using net::tcp;

/// Runs a function on a pool's thread; its result or its exception arrives on the caller's.
/// @param function  lives until the await is over.
template <typename Function>
asio::awaitable<std::invoke_result_t<Function&>> on_pool(asio::thread_pool& pool, Function& function) {
  const auto task = [](Function& call) -> asio::awaitable<std::invoke_result_t<Function&>> { co_return call(); };
  co_return co_await asio::co_spawn(pool.get_executor(), task(function), asio::use_awaitable);
}

/// Something that one coroutine waits for. Used on one thread: others post.
class Event {
 public:
  explicit Event(const asio::any_io_executor& executor) : timer_(executor) {}

  void set() {
    set_ = true;
    timer_.cancel();
  }

  asio::awaitable<void> wait() {
    error_code ignored;
    timer_.expires_at(asio::steady_timer::time_point::max());
    while (!set_) co_await timer_.async_wait(into(ignored));
  }

  /// @returns whether it is set, after `time` at the latest.
  asio::awaitable<bool> wait_for(asio::steady_timer::duration time) {
    error_code ignored;
    timer_.expires_after(time);
    if (!set_) co_await timer_.async_wait(into(ignored));
    co_return set_;
  }

  [[nodiscard]] asio::any_io_executor executor() { return timer_.get_executor(); }

 private:
  asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace mi2::server
