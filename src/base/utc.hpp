#pragma once
// The time as logs and lists have it.

#include <chrono>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace mi2::base {

/// Now, as "2026-11-25T01:57:00.123Z".
inline std::string utc_now() {
  const auto time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (time - whole).count());
}

}  // namespace mi2::base
