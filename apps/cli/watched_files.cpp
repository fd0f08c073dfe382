#include "watched_files.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"
#include "base/numbers.hpp"
#include "interrupt.hpp"

namespace mi2::cli {
namespace {

/// Not of a file whose clock is ahead of ours: it would never be settled.
bool is_settled(const archive::Stamp& stamp) {
  constexpr auto kSettled = std::chrono::seconds(2);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto age = now - std::chrono::nanoseconds(stamp.mtime_ns);
  return age >= kSettled || age < std::chrono::nanoseconds(0);
}

}  // namespace

bool WatchedFiles::look(embedder::ExpandedPaths& paths) {
  now_.clear();
  bool fresh = false;
  std::vector<embedder::Input> settled;
  for (embedder::Input& input : paths.inputs) {
    archive::Stamp stamp;
    try {
      stamp = archive::stamp_of(input);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      if (!input.error) continue;  // gone since it was found
    }
    if (!is_settled(stamp)) continue;
    const auto known = before_.find(input.path);
    fresh = fresh || known == before_.end() || known->second != stamp;
    now_.emplace(input.path, stamp);
    settled.push_back(std::move(input));
  }
  paths.inputs = std::move(settled);
  return fresh;
}

void WatchedFiles::remember() { before_ = std::exchange(now_, {}); }

void wait_for(std::chrono::seconds pause) {
  constexpr auto kStep = std::chrono::milliseconds(100);
  const auto end = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < end) {
    throw_if_interrupted();
    std::this_thread::sleep_for(kStep);
  }
  throw_if_interrupted();
}

std::chrono::seconds pause_of(const std::string& watch) {
  constexpr double kLongest = 86400;
  const std::optional<double> seconds = base::parse_finite(watch);
  if (!seconds || *seconds < 1 || *seconds > kLongest || *seconds != std::floor(*seconds)) {
    throw Error(Code::kBadArgument, fmt::format("--watch: expected 1 to 86400 seconds, got '{}'", watch));
  }
  return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
}

}  // namespace mi2::cli
