#pragma once
// What a command says while it works: a progress bar for people, on standard error, only when that is a terminal, and
// lines beside it.

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/progress.hpp"

namespace mi2::cli {

enum class Verbosity {
  kQuiet,    ///< warnings and errors
  kUsual,    ///< and notes, and a bar on a terminal
  kVerbose,  ///< and what was loaded, and how long it took
};
/// For the whole program; set before anything is said.
void set_verbosity(Verbosity verbosity) noexcept;

/// What can say on a terminal what the program does. While there is any, a thread asks the newest that has something to
/// say twice a second, so that no command is silent for long whatever it waits for.
class Speaker {
 public:
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;
  virtual ~Speaker() = default;
  /// Draws, if nothing was said for long. @returns whether there is anything to say.
  virtual bool speak() = 0;

 protected:
  Speaker() = default;
};

/// While one is there, nobody is asked and there is no thread: for who forks, serves, or asks the user something.
class Still {
 public:
  Still();
  Still(const Still&) = delete;
  Still& operator=(const Still&) = delete;
  ~Still();
};

/// While one is there, nobody waits for who reads standard error: lines for which there is no room are lost. Its end
/// waits two seconds at most.
class PatientNotes {
 public:
  PatientNotes();
  PatientNotes(const PatientNotes&) = delete;
  PatientNotes& operator=(const PatientNotes&) = delete;
  ~PatientNotes();
};

/// Takes away what is drawn, whoever drew it: something else is about to be printed on the terminal.
void make_room();

class Progress final : public Speaker {
 public:
  /// @param what  plural of what is counted: "images".     @param total  0: no bar.
  Progress(std::size_t total, std::string_view what);
  /// Of a number that only the end shows: a count in place of a bar.
  explicit Progress(std::string_view what);
  /// Leaves the line clean.
  ~Progress() override;

  void advance(std::size_t count);
  /// Draws what a task reports; a new stage starts a new bar.
  void show(const base::Progress& at);
  /// What is done before there is anything to count, or after: said once it takes long, until the next show() or
  /// rest().
  void begin(std::string_view stage);
  /// Has nothing to say until the next call of the others.
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
  bool speak() override;

 private:
  using Clock = std::chrono::steady_clock;
  void start(std::size_t total, std::size_t done, std::string_view what);
  void resume(Clock::time_point now);
  void draw();
  void print(std::string_view text);
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
  Clock::time_point start_;
  Clock::time_point paused_at_;
  Clock::time_point last_draw_;
};

/// Says on a terminal what takes time before there is anything to count: "loading the model, 3 s", if it takes long.
class Waiting final : public Speaker {
 public:
  explicit Waiting(std::string_view what);
  ~Waiting() override;

  [[nodiscard]] double seconds() const;
  bool speak() override;

 private:
  std::string what_;
  std::chrono::steady_clock::time_point start_;
};

/// "1:02:03", "2:03" or "0:03"
std::string duration_text(double seconds);

}  // namespace mi2::cli
