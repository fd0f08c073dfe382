#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(std::size_t total, std::string_view what) { start(total, 0, what); }

Progress::Progress(std::string_view what) : what_(what), on_terminal_(is_terminal()), start_(Clock::now()) {}

Progress::~Progress() { hide(); }

void Progress::start(std::size_t total, std::size_t done, std::string_view what) {
  total_ = total;
  done_ = skipped_ = done;
  what_ = what;
  on_terminal_ = total > 1 && is_terminal();
  start_ = Clock::now();
  if (on_terminal_) draw();
}

void Progress::show(const base::Progress& at) {
  if (at.stage != what_ || at.total != total_) {
    hide();
    start(at.total, at.done, at.stage);
  }
  advance(at.done - std::min<std::size_t>(at.done, done_));
}

void Progress::advance(std::size_t count) {
  done_ += count;
  if (!on_terminal_) return;
  const bool last = total_ > 0 && done_ >= total_;
  if (!drawn_ || last || Clock::now() - last_draw_ >= kRedrawEvery) draw();
}

std::string Progress::line() const {
  const double seconds = std::chrono::duration<double>(last_draw_ - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
  const std::string speed = rate > 0 ? fmt::format(", {:.3g}/s", rate) : "";
  if (total_ == 0) return fmt::format("{} {}{}", done_, what_, speed);
  const std::size_t filled = std::min(kBarWidth, kBarWidth * done_ / total_);
  const auto rest = static_cast<double>(total_ - std::min(done_, total_));
  return fmt::format("[{}{}] {}/{} {}{}{}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'), done_,
                     total_, what_, speed, rate > 0 ? fmt::format(", {} left", duration_text(rest / rate)) : "");
}

void Progress::draw() {
  last_draw_ = Clock::now();
  print_error(fmt::format("\r{}\x1b[K", line()));
  drawn_ = true;
}

void Progress::hide() {
  if (!drawn_) return;
  print_error("\r\x1b[K");
  drawn_ = false;
}

void Progress::note(std::string_view text) {
  hide();
  print_error(fmt::format("mi2: {}\n", base::printable(text)));
}

}  // namespace mi2::cli
