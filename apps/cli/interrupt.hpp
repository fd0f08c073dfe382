#pragma once
// Ctrl-C and termination while a file is being written: stop between two batches, so that its temporary twin goes too.

#include <stop_token>
#include <thread>

namespace mi2::cli {

/// Thrown by throw_if_interrupted(); deliberately not a std::exception, so that no row's guard takes it for its own.
struct Interrupted {
  int signal;
};

/// From now on the first SIGINT, SIGTERM or SIGHUP is only noted; a second one ends the program at once, unless
/// `patient`: then it changes nothing.
void catch_interrupts(bool patient = false);

/// @throws Interrupted if a signal was noted.
void throw_if_interrupted();

/// Requests a stop when a signal is noted. A handler of signals may not do it, so a thread looks for one.
class InterruptStop {
 public:
  InterruptStop();
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread watcher_;
};

/// Ends the program as the signal would have.
[[noreturn]] void end_by_signal(int signal);

}  // namespace mi2::cli
