#include "report.hpp"

#include <string>

#include <fmt/format.h>

#include "exit_status.hpp"

namespace mi2::cli {

void Report::bad(std::string_view path, const Error& error) {
  ++bad_;
  if (!first_) first_ = error.code();
  const std::string_view message = error.what();
  const bool named = message.starts_with(path);
  progress_.warn(named ? std::string(message) : fmt::format("{}: {}", path, message));
}

void Report::doubtful(std::string_view path, std::span<const std::string> warnings) {
  for (const std::string& warning : warnings) progress_.warn(fmt::format("warning: {}: {}", path, warning));
}

void Report::summarize() {
  if (bad_ == 0 || good_ + bad_ == 1) return;
  progress_.warn(fmt::format("{} of {} inputs failed; the result has no row for them", bad_, good_ + bad_));
}

int Report::exit_status() const noexcept {
  if (bad_ == 0) return 0;
  return good_ > 0 ? kExitPartial : exit_status_of(*first_);
}

}  // namespace mi2::cli
