#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "line_writer.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr auto kTick = std::chrono::milliseconds(500);
/// As long as people take silence for work.
constexpr auto kPatience = std::chrono::milliseconds(1500);

Verbosity chosen = Verbosity::kUsual;

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return chosen != Verbosity::kQuiet && ::isatty(STDERR_FILENO) == 1 &&
         (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

/// The line that all who speak share.
class Terminal {
 public:
  void draw(const Speaker& who, std::string_view text) {
    const std::lock_guard lock(mutex_);
    print_error(fmt::format("\r{}\x1b[K", text));
    drawn_by_ = &who;
    changed_ = std::chrono::steady_clock::now();
  }

  /// @param text  whole lines; none where others print them.
  void print(std::string_view text) {
    const std::lock_guard lock(mutex_);
    take_away();
    if (writer_) {
      writer_->add(text);
    } else {
      print_error(text);
    }
    changed_ = std::chrono::steady_clock::now();
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    take_away();
  }

  /// @param writer  of what print() is given; null: print() writes it itself. @returns the one before.
  std::unique_ptr<LineWriter> write_by(std::unique_ptr<LineWriter> writer) {
    const std::lock_guard lock(mutex_);
    return std::exchange(writer_, std::move(writer));
  }

  bool shows(const Speaker& who) {
    const std::lock_guard lock(mutex_);
    return drawn_by_ == &who;
  }

  /// Whether one who has not drawn the line yet should.
  bool is_silent() {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::now() - changed_ >= kPatience;
  }

 private:
  void take_away() {
    if (drawn_by_ != nullptr) print_error("\r\x1b[K");
    drawn_by_ = nullptr;
  }

  std::mutex mutex_;  ///< of all below, and of what is printed
  const Speaker* drawn_by_ = nullptr;
  std::unique_ptr<LineWriter> writer_;
  std::chrono::steady_clock::time_point changed_ = std::chrono::steady_clock::now();
};

Terminal& terminal() {
  static Terminal one;
  return one;
}

/// Calls a function about twice a second until it is destroyed.
class Ticker {
 public:
  Ticker(void (*tick)(void*), void* owner)
      : thread_([this, tick, owner](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          while (!stop.stop_requested()) {
            wake_.wait_for(lock, stop, kTick, [] { return false; });
            if (!stop.stop_requested()) tick(owner);
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  ///< the last: it uses the others
};

/// All who may have something to say. Nobody calls it with a lock that speak() takes.
class Speakers {
 public:
  Speakers() { static_cast<void>(terminal()); }  // silence counts from now on
  void add(Speaker& one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(&one);
    start();
  }
  void remove(Speaker& one) {
    std::unique_ptr<Ticker> ended;  // is waited for without the lock
    const std::lock_guard lock(mutex_);
    std::erase(all_, &one);
    if (all_.empty()) ended = std::move(ticker_);
  }
  void hush() {
    std::unique_ptr<Ticker> ended;
    const std::lock_guard lock(mutex_);
    ++still_;
    ended = std::move(ticker_);
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    --still_;
    start();
  }

 private:
  void start() {
    if (ticker_ || still_ > 0 || all_.empty() || !is_terminal()) return;
    try {
      ticker_ = std::make_unique<Ticker>([](void* self) { static_cast<Speakers*>(self)->ask(); }, this);
    } catch (const std::system_error&) {
      ticker_.reset();  // no thread is left for it: silence is no reason to end
    }
  }
  void ask() {
    const std::lock_guard lock(mutex_);
    for (auto one = all_.rbegin(); one != all_.rend(); ++one) {
      if ((*one)->speak()) return;
    }
  }

  std::mutex mutex_;
  std::vector<Speaker*> all_;  ///< the newest last
  int still_ = 0;
  std::unique_ptr<Ticker> ticker_;
};

Speakers& speakers() {
  static Speakers all;
  return all;
}

}  // namespace

Still::Still() {
  speakers().hush();
  terminal().clear();
}

Still::~Still() { speakers().go_on(); }

PatientNotes::PatientNotes() { terminal().write_by(std::make_unique<LineWriter>()); }

PatientNotes::~PatientNotes() { terminal().write_by(nullptr); }

void make_room() { terminal().print(""); }

void set_verbosity(Verbosity verbosity) noexcept { chosen = verbosity; }

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(std::size_t total, std::string_view what) {
  start(total, 0, what);
  speakers().add(*this);
}

Progress::Progress(std::string_view what)
    : what_(what), counts_(true), on_terminal_(is_terminal()), start_(Clock::now()), last_draw_(start_) {
  speakers().add(*this);
}

Progress::~Progress() {
  speakers().remove(*this);
  if (terminal().shows(*this)) terminal().clear();
}

void Progress::start(std::size_t total, std::size_t done, std::string_view what) {
  total_ = total;
  counts_ = false;
  done_ = skipped_ = done;
  more_items_ = more_seconds_ = 0;
  what_ = what;
  on_terminal_ = total > 1 && is_terminal();
  start_ = last_draw_ = Clock::now();
  if (on_terminal_) draw();
}

void Progress::begin(std::string_view stage) {
  const std::lock_guard lock(mutex_);
  terminal().clear();
  start(0, 0, stage);
}

void Progress::rest() {
  const std::lock_guard lock(mutex_);
  terminal().clear();
  what_.clear();
}

bool Progress::speak() {
  const std::lock_guard lock(mutex_);
  if (what_.empty()) return false;
  // A single item has no bar until it takes long.
  if (terminal().shows(*this) || terminal().is_silent()) draw();
  return true;
}

void Progress::show(const base::Progress& at) {
  {
    const std::lock_guard lock(mutex_);
    if (at.stage != what_ || at.total != total_) {
      terminal().clear();
      start(at.total, at.done, at.stage);
    }
  }
  advance(at.done - std::min<std::size_t>(at.done, done_));
}

void Progress::advance(std::size_t count) {
  const std::lock_guard lock(mutex_);
  resume(Clock::now());
  done_ += count;
  const Clock::duration silent = Clock::now() - last_draw_;
  if (!on_terminal_ && (silent < kPatience || !is_terminal())) return;
  const bool last = total_ > 0 && done_ >= total_;
  if (!terminal().shows(*this) || last || silent >= kRedrawEvery) draw();
}

void Progress::set_detail(std::string text) {
  const std::lock_guard lock(mutex_);
  detail_ = std::move(text);
}

void Progress::set_ahead(double items, double seconds) {
  const std::lock_guard lock(mutex_);
  more_items_ = items;
  more_seconds_ = seconds;
}

void Progress::forget() {
  const std::lock_guard lock(mutex_);
  skipped_ = done_;
  start_ = Clock::now();
}

void Progress::pause(std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (paused_.empty()) paused_at_ = Clock::now();
  paused_ = why;
  if (on_terminal_) draw();
}

/// The clock goes on from where it was stopped.
void Progress::resume(Clock::time_point now) {
  if (paused_.empty()) return;
  start_ += now - paused_at_;
  paused_.clear();
}

std::string Progress::line() const {
  const Clock::time_point now = paused_.empty() ? last_draw_ : paused_at_;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
  std::string text = counts_ || done_ > 0 ? fmt::format("{} {}", done_, what_) : what_;
  if (total_ > 0) {
    const std::size_t filled = std::min(kBarWidth, kBarWidth * done_ / total_);
    text = fmt::format("[{}{}] {}/{} {}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'), done_, total_,
                       what_);
  }
  if (rate > 0) text += fmt::format(", {:.3g}/s", rate);
  if (rate > 0 && total_ > 0) {
    const double rest = static_cast<double>(total_ - std::min(done_, total_)) + more_items_;
    text += fmt::format(", {} left", duration_text(rest / rate + more_seconds_));
  }
  if (rate == 0 && seconds >= 1) text += fmt::format(", {}", duration_text(seconds));
  if (!detail_.empty()) text += fmt::format(", {}", detail_);
  if (!paused_.empty()) {
    text +=
        fmt::format(", {} {}", paused_, duration_text(std::chrono::duration<double>(last_draw_ - paused_at_).count()));
  }
  return text;
}

void Progress::draw() {
  last_draw_ = Clock::now();
  terminal().draw(*this, line());
}

void Progress::hide() {
  const std::lock_guard lock(mutex_);
  terminal().clear();
}

void Progress::print(std::string_view text) { terminal().print(fmt::format("mi2: {}\n", base::printable(text))); }

void Progress::note(std::string_view text) {
  if (chosen != Verbosity::kQuiet) print(text);
}

void Progress::warn(std::string_view text) { print(text); }

void Progress::detail(std::string_view text) {
  if (chosen == Verbosity::kVerbose) print(text);
}

Waiting::Waiting(std::string_view what) : what_(what), start_(std::chrono::steady_clock::now()) {
  speakers().add(*this);
}

Waiting::~Waiting() {
  speakers().remove(*this);
  if (terminal().shows(*this)) terminal().clear();
}

double Waiting::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

bool Waiting::speak() {
  if (terminal().shows(*this) || terminal().is_silent()) {
    terminal().draw(*this, fmt::format("{}, {:.0f} s", what_, seconds()));
  }
  return true;
}

}  // namespace mi2::cli
