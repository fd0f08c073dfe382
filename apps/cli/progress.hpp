#pragma once
// A progress bar for people: on standard error, only when that is a terminal and there is more than one thing to do.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/progress.hpp"

namespace mi2::cli {

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
  /// Takes the bar away so that other lines can be printed; the next advance() draws it again.
  void hide();
  /// Prints "mi2: TEXT" as a line of its own on standard error, terminal or not. Control characters are made harmless.
  void note(std::string_view text);

 private:
  void start(std::size_t total, std::size_t done, std::string_view what);
  void draw();
  [[nodiscard]] std::string line() const;

  using Clock = std::chrono::steady_clock;
  std::size_t total_ = 0;
  std::size_t done_ = 0;
  std::size_t skipped_ = 0;  ///< of those done, before the clock started
  std::string what_;
  bool on_terminal_ = false;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_draw_;
};

/// "1:02:03", "2:03" or "0:03"
std::string duration_text(double seconds);

}  // namespace mi2::cli
