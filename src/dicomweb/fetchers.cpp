#include "dicomweb/fetchers.hpp"

#include <chrono>
#include <utility>

namespace mi2::dicomweb {

Fetchers::Fetchers(Feed& feed, const MakeClient& make_client, unsigned threads, std::uint64_t most_waiting)
    : feed_(feed), most_waiting_(most_waiting), running_(threads) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, make_client](const std::stop_token& stop) { work(make_client, stop); });
  }
}

Fetchers::~Fetchers() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Fetchers::work(const MakeClient& make_client, const std::stop_token& stop) {
  std::exception_ptr failure;
  try {
    const std::unique_ptr<Client> client = make_client(stop);
    while (fetch_next(*client, stop)) {
    }
  } catch (const Stopped&) {
    failure = nullptr;  // nobody waits any more
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  if (failure && !failure_) failure_ = failure;
  --running_;
  changed_.notify_all();
}

/// @returns whether there may be more.
bool Fetchers::fetch_next(Client& client, const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return waiting_ < most_waiting_ || failure_; }) || failure_) return false;
  }
  std::optional<Feed::Piece> piece;
  std::size_t number = 0;
  {
    const std::lock_guard lock(feed_mutex_);
    piece = feed_.next(client);
    if (!piece) return false;
    number = begun_++;
  }
  Load load = piece->fetch(client);
  const std::lock_guard lock(mutex_);
  waiting_ += load.bytes;
  ready_.emplace(number, std::move(load));
  changed_.notify_all();
  return true;
}

std::optional<Load> Fetchers::take_locked() {
  const auto found = ready_.find(taken_);
  if (found == ready_.end()) return std::nullopt;
  Load load = std::move(found->second);
  ready_.erase(found);
  ++taken_;
  waiting_ -= load.bytes;
  changed_.notify_all();
  return load;
}

std::optional<Load> Fetchers::take_ready() {
  const std::lock_guard lock(mutex_);
  return take_locked();
}

std::optional<Load> Fetchers::take(const std::function<void()>& meanwhile) {
  constexpr std::chrono::milliseconds kTick{100};
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kTick, [this] { return ready_.contains(taken_) || running_ == 0; });
      if (std::optional<Load> load = take_locked()) return load;
      // What others were still fetching when one failed comes first: it is whole.
      if (running_ == 0) {
        if (failure_) std::rethrow_exception(failure_);
        return std::nullopt;
      }
    }
    meanwhile();
  }
}

}  // namespace mi2::dicomweb
