#pragma once
// Ctrl-C and termination while a file is being written: stop between two batches, so that its temporary twin goes too.

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

/// Ends the program as the signal would have.
[[noreturn]] void end_by_signal(int signal);

}  // namespace mi2::cli
