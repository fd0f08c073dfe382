#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.hpp"

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

}  // namespace

void set_verbosity(Verbosity verbosity) noexcept { chosen = verbosity; }

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Ticker::Ticker(void (*tick)(void*), void* owner) {
  thread_ = std::jthread([this, tick, owner](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, kTick, [] { return false; });
      if (!stop.stop_requested()) tick(owner);
    }
  });
}

Progress::Progress(std::size_t total, std::string_view what) { start(total, 0, what); }

Progress::Progress(std::string_view what)
    : what_(what), counts_(true), on_terminal_(is_terminal()), start_(Clock::now()), last_draw_(start_) {}

Progress::~Progress() {
  ticker_.reset();
  clear();
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

void Progress::keep_alive() {
  if (!is_terminal() || ticker_) return;
  ticker_ = std::make_unique<Ticker>([](void* self) { static_cast<Progress*>(self)->tick(); }, this);
}

void Progress::begin(std::string_view stage) {
  {
    const std::lock_guard lock(mutex_);
    clear();
    start(0, 0, stage);
  }
  keep_alive();
}

void Progress::rest() {
  ticker_.reset();
  const std::lock_guard lock(mutex_);
  clear();
  what_.clear();
}

void Progress::tick() {
  const std::lock_guard lock(mutex_);
  // A single item has no bar until it takes long.
  if (what_.empty() || Clock::now() - last_draw_ < kPatience) return;
  draw();
}

void Progress::show(const base::Progress& at) {
  {
    const std::lock_guard lock(mutex_);
    if (at.stage != what_ || at.total != total_) {
      clear();
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
  if (!drawn_ || last || silent >= kRedrawEvery) draw();
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
  print_error(fmt::format("\r{}\x1b[K", line()));
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  print_error("\r\x1b[K");
  drawn_ = false;
}

void Progress::hide() {
  const std::lock_guard lock(mutex_);
  clear();
}

void Progress::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  clear();
  print_error(fmt::format("mi2: {}\n", base::printable(text)));
}

void Progress::note(std::string_view text) {
  if (chosen != Verbosity::kQuiet) print(text);
}

void Progress::warn(std::string_view text) { print(text); }

void Progress::detail(std::string_view text) {
  if (chosen == Verbosity::kVerbose) print(text);
}

Waiting::Waiting(std::string_view what) : what_(what), start_(std::chrono::steady_clock::now()) {
  if (!is_terminal()) return;
  ticker_ = std::make_unique<Ticker>([](void* self) { static_cast<Waiting*>(self)->tick(); }, this);
}

Waiting::~Waiting() {
  ticker_.reset();
  if (drawn_) print_error("\r\x1b[K");
}

double Waiting::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Waiting::tick() {
  if (!drawn_ && seconds() < std::chrono::duration<double>(kPatience).count()) return;
  print_error(fmt::format("\r{}, {:.0f} s\x1b[K", what_, seconds()));
  drawn_ = true;
}

}  // namespace mi2::cli
