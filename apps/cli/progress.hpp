#pragma once
// What a command says while it works: a progress bar for people, on standard error, only when that is a terminal, and
// lines beside it.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/progress.hpp"

namespace mi2::cli {

enum class Verbosity {
  kQuiet,    ///< warnings and errors
  kUsual,    ///< and notes, and a bar on a terminal
  kVerbose,  ///< and what was loaded, and how long it took
};
/// For the whole program; set before anything is said.
void set_verbosity(Verbosity verbosity) noexcept;

/// Calls a function about twice a second until it is destroyed.
class Ticker {
 public:
  explicit Ticker(void (*tick)(void*), void* owner);

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

class Progress {
 public:
  /// @param what  plural of what is counted: "images".     @param total  0: no bar.
  Progress(std::size_t total, std::string_view what);
  /// Of a number that only the end shows: a count in place of a bar.
  explicit Progress(std::string_view what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Leaves the line clean.
  ~Progress();

  void advance(std::size_t count);
  /// Draws what a task reports; a new stage starts a new bar.
  void show(const base::Progress& at);
  /// From now on nothing is silent for long: what takes its time between two calls of advance() is drawn again before
  /// two seconds are over. Starts a thread.
  void keep_alive();
  /// What is done before there is anything to count, or after: said once it takes long, until the next show() or
  /// rest().
  void begin(std::string_view stage);
  /// Nothing is shown until the next call of the others, and no thread is left: for who forks, or shows another one.
  void rest();
  /// What the line shows after the numbers, until it is set again: "loss 1.23".
  void set_detail(std::string text);
  /// The estimate is to include what comes besides the items that are left: the time of `items` more, and `seconds`.
  void set_ahead(double items, double seconds);
  /// What was done until now says nothing of what is left: a first step, which also waits for the first batch.
  void forget();
  /// Time until the next call of advance() is not that of an item, and does not spoil the estimate: an evaluation.
  void pause(std::string_view why);
  /// Takes the bar away so that other lines can be printed; the next advance() draws it again.
  void hide();
  /// Prints "mi2: TEXT" as a line of its own on standard error, terminal or not, unless --quiet. Control characters are
  /// made harmless.
  void note(std::string_view text);
  /// As note(), and with --quiet too: what went wrong, or may have.
  void warn(std::string_view text);
  /// As note(), with --verbose only.
  void detail(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;
  void start(std::size_t total, std::size_t done, std::string_view what);
  void resume(Clock::time_point now);
  void draw();
  void clear();
  void print(std::string_view text);
  void tick();
  [[nodiscard]] std::string line() const;

  std::mutex mutex_;  ///< of all below
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t skipped_ = 0;  ///< of those done, before the clock started
  std::string what_;
  std::string detail_;
  std::string paused_;
  double more_items_ = 0;
  double more_seconds_ = 0;
  bool counts_ = false;  ///< of an unknown total, also while it is 0
  bool on_terminal_ = false;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point paused_at_;
  Clock::time_point last_draw_;
  std::unique_ptr<Ticker> ticker_;
};

/// Says on a terminal what takes time before there is anything to count: "loading the model, 3 s", if it takes long.
class Waiting {
 public:
  explicit Waiting(std::string_view what);
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

  [[nodiscard]] double seconds() const;

 private:
  void tick();

  std::string what_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::unique_ptr<Ticker> ticker_;
};

/// "1:02:03", "2:03" or "0:03"
std::string duration_text(double seconds);

}  // namespace mi2::cli
