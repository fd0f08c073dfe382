#pragma once
// A fixed team of threads for data-parallel loops. The calling thread is one of the team.

#include <cstddef>
#include <memory>
#include <type_traits>

namespace mi2::base {

class ThreadPool {
 public:
  /// @param threads  size of the team, the caller included; 0 means one per available core.
  explicit ThreadPool(unsigned threads = 0);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  [[nodiscard]] unsigned size() const noexcept { return size_; }

  /// Calls body(i) once for every i in [0, tasks), on any thread of the team in any order, and returns when all are
  /// done. The first exception of a body is thrown here. One run at a time; a body must not call run() itself.
  template <typename Body>
  void run(std::size_t tasks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_erased(
        tasks, [](void* context, std::size_t i) { (*static_cast<Plain*>(context))(i); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Call = void (*)(void* context, std::size_t task);
  void run_erased(std::size_t tasks, Call call, void* context);

  struct State;
  unsigned size_;
  std::unique_ptr<State> state_;
};

/// Cores this process may run on.
unsigned available_cores() noexcept;

}  // namespace mi2::base
