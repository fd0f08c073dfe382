#include "interrupt.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <initializer_list>

namespace mi2::cli {
namespace {

/// Written by a handler of signals, read by any thread.
std::atomic<int> noted_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void note_signal(int signal) { noted_signal = signal; }

}  // namespace

void catch_interrupts(bool patient) {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = patient ? SA_RESTART : static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction current {};
    // nohup and background shells set a signal to be ignored; that stays so.
    if (::sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_IGN) continue;
    ::sigaction(signal, &action, nullptr);
  }
}

void throw_if_interrupted() {
  if (noted_signal != 0) throw Interrupted{noted_signal.load()};
}

InterruptStop::InterruptStop() {
  watcher_ = std::jthread([source = source_](const std::stop_token& done) mutable {
    constexpr auto kPause = std::chrono::milliseconds(20);
    while (!done.stop_requested() && noted_signal == 0) std::this_thread::sleep_for(kPause);
    if (noted_signal != 0) source.request_stop();
  });
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(128 + signal);
}

}  // namespace mi2::cli
