#include "base/thread_pool.hpp"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mi2::base {
namespace {

/// A worker looks for new work this many times before it sleeps: a forward pass is hundreds of short loops in a row,
/// and waking a sleeping thread costs more than most gaps between them.
constexpr int kSpins = 2000;

/// Looks kSpins times. Without giving way: on a machine that other programs use, the core would not come back in time.
/// @returns whether `ready()` came true.
template <typename Ready>
bool spin_until(const Ready& ready) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (ready()) return true;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  return ready();
}

/// Tasks that one thread begins with, on a cache line of its own.
struct alignas(64) Share {
  std::atomic<std::size_t> next{0};
  std::size_t end = 0;
};

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  std::atomic<unsigned> generation{0};
  bool stopping = false;

  // The loop under way: written under the mutex before `generation` rises, read by the workers that join it.
  Call call = nullptr;
  void* context = nullptr;
  std::vector<Share> shares;        ///< of each thread, the caller's first
  bool open = false;                ///< a worker may join: guarded by the mutex
  std::atomic<unsigned> active{0};  ///< workers that joined and are not done
  std::exception_ptr failure;

  std::vector<std::thread> workers;

  explicit State(unsigned threads) : shares(threads) {}

  /// Neighbouring tasks go to one thread, and the same ones in every loop of as many: what a loop wrote is then in the
  /// cache of the core that reads it in the next.
  void share_out(std::size_t tasks) {
    for (std::size_t i = 0; i < shares.size(); ++i) {
      shares[i].next.store(tasks * i / shares.size());
      shares[i].end = tasks * (i + 1) / shares.size();
    }
  }

  /// Own tasks, then those that others have not begun.
  void drain(std::size_t own) {
    for (std::size_t i = 0; i < shares.size(); ++i) {
      Share& share = shares[(own + i) % shares.size()];
      while (share.next.load(std::memory_order_relaxed) < share.end) {
        const std::size_t task = share.next.fetch_add(1);
        if (task < share.end && !attempt(task)) return;
      }
    }
  }

  /// @returns whether the loop goes on.
  bool attempt(std::size_t task) {
    try {
      call(context, task);
      return true;
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      for (Share& share : shares) share.next.store(share.end);
      return false;
    }
  }

  void work(std::size_t own) {
    unsigned seen = 0;
    for (;;) {
      spin_until([&] { return generation.load(std::memory_order_acquire) != seen; });
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || generation.load(std::memory_order_relaxed) != seen; });
        if (stopping) return;
        seen = generation.load(std::memory_order_relaxed);
        if (!open) continue;
        active.fetch_add(1, std::memory_order_relaxed);
      }
      drain(own);
      if (active.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::lock_guard lock(mutex);
        done.notify_one();
      }
    }
  }
};

ThreadPool::ThreadPool(unsigned threads)
    : size_(threads == 0 ? available_cores() : threads), state_(std::make_unique<State>(size_)) {
  for (unsigned i = 1; i < size_; ++i) state_->workers.emplace_back([state = state_.get(), i] { state->work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

void ThreadPool::run_erased(std::size_t tasks, Call call, void* context) {
  if (tasks == 0) return;
  if (size_ == 1 || tasks == 1) {
    for (std::size_t i = 0; i < tasks; ++i) call(context, i);
    return;
  }
  State& s = *state_;
  {
    const std::lock_guard lock(s.mutex);
    s.call = call;
    s.context = context;
    s.failure = nullptr;
    s.share_out(tasks);
    s.open = true;
    s.generation.fetch_add(1, std::memory_order_release);
  }
  s.wake.notify_all();
  s.drain(0);
  // Every task is taken. A worker that other programs, or other threads of this one, keep from a core is not waited
  // for.
  const auto finished = [&] { return s.active.load(std::memory_order_acquire) == 0; };
  std::unique_lock lock(s.mutex);
  s.open = false;
  if (!finished()) {
    lock.unlock();
    spin_until(finished);
    lock.lock();
    s.done.wait(lock, finished);
  }
  if (s.failure) std::rethrow_exception(s.failure);
}

unsigned available_cores() noexcept {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : cores;
}

}  // namespace mi2::base
