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

Progress::Progress(std::size_t total, std::string_view what) { start(total, what); }

Progress::~Progress() { hide(); }

void Progress::start(std::size_t total, std::string_view what) {
  total_ = total;
  done_ = 0;
  what_ = what;
  on_terminal_ = total > 1 && is_terminal();
  start_ = Clock::now();
  if (on_terminal_) draw();
}

void Progress::show(const base::Progress& at) {
  if (at.stage != what_ || at.total != total_) {
    hide();
    start(at.total, at.stage);
  }
  advance(at.done - std::min<std::size_t>(at.done, done_));
}

void Progress::advance(std::size_t count) {
  done_ += count;
  if (!on_terminal_) return;
  if (!drawn_ || done_ >= total_ || Clock::now() - last_draw_ >= kRedrawEvery) draw();
}

void Progress::draw() {
  last_draw_ = Clock::now();
  const double seconds = std::chrono::duration<double>(last_draw_ - start_).count();
  const std::size_t filled = std::min(kBarWidth, kBarWidth * done_ / total_);
  std::string line = fmt::format("\r[{}{}] {}/{} {}", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                                 done_, total_, what_);
  if (done_ > 0 && seconds > 0) {
    const double rate = static_cast<double>(done_) / seconds;
    const double left = static_cast<double>(total_ - std::min(done_, total_)) / rate;
    line += fmt::format(", {:.3g}/s, {} left", rate, duration_text(left));
  }
  print_error(line + "\x1b[K");
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
