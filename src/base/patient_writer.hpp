#pragma once
// Writing to what somebody else may have stopped reading: a pipe that nobody empties must not keep a program from
// ending.

#include <atomic>
#include <chrono>
#include <string_view>

namespace mi2::base {

class PatientWriter {
 public:
  explicit PatientWriter(int descriptor) noexcept : descriptor_(descriptor) {}
  PatientWriter(const PatientWriter&) = delete;
  PatientWriter& operator=(const PatientWriter&) = delete;

  /// Waits while the other side takes nothing. After end() only for as long as that has patience: what is left by then
  /// is given up, as what the system refuses is.
  void write(std::string_view bytes);
  /// From now on there is patience for two seconds. Safe to call from any thread.
  void end() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool wait_until_writable() const;

  int descriptor_;
  std::atomic<Clock::duration> end_{Clock::duration::max()};
};

}  // namespace mi2::base
