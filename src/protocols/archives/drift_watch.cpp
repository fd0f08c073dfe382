#include "protocols/archives/drift_watch.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/drift.hpp"

namespace mi2::protocols::archives {
namespace {

/// Each is two gauges, and half a second of a core or so.
constexpr std::size_t kMostStations = 256;
/// After a failure, which may be over soon.
constexpr std::chrono::seconds kSoonest{300};

archive::filter::Expr reference_of(const ArchiveSpec& spec) {
  try {
    return archive::filter::parse(spec.drift);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("drift of the archive '{}': {}", spec.name, error.what()));
  }
}

}  // namespace

DriftWatch::DriftWatch(std::span<const ArchiveSpec> specs, Find find) : find_(std::move(find)) {
  for (const ArchiveSpec& spec : specs) {
    if (spec.drift.empty()) continue;
    Watched& one = watched_.emplace_back();
    one.name = spec.name;
    one.reference = reference_of(spec);
    one.every = spec.drift_every;
  }
  if (!watched_.empty()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

std::vector<ArchiveDrift> DriftWatch::now() const {
  const std::lock_guard lock(mutex_);
  std::vector<ArchiveDrift> all;
  for (const Watched& one : watched_) {
    if (one.found) all.push_back(*one.found);
  }
  return all;
}

void DriftWatch::on_failure(std::function<void(const std::string& archive, const std::string& error)> tell) {
  const std::lock_guard lock(mutex_);
  tell_ = std::move(tell);
  for (const Watched& one : watched_) {
    if (tell_ && !one.error.empty()) tell_(one.name, one.error);
  }
}

void DriftWatch::end() { thread_.request_stop(); }

void DriftWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Clock::time_point next = Clock::time_point::max();
    for (Watched& one : watched_) {
      if (stop.stop_requested()) return;
      if (Clock::now() >= one.due) {
        const bool compared = look(one, stop);
        one.due = Clock::now() + (compared ? one.every : std::min(one.every, kSoonest));
      }
      next = std::min(next, one.due);
    }
    std::unique_lock lock(mutex_);
    stopped_.wait_until(lock, stop, next, [] { return false; });
  }
}

bool DriftWatch::look(Watched& one, const std::stop_token& stop) {
  try {
    const std::shared_ptr<archive::Served> served = find_(one.name);
    std::pair<std::string, std::int64_t> newest(served->format().id, 0);
    served->look([&](archive::Reader& archive) { newest.second = archive.sequence(); });
    if (one.compared == newest) return true;
    archive::DriftOptions options;
    options.reference = one.reference;
    options.by = {"station"};
    options.moved = 0;
    options.most = kMostStations;
    options.release = true;  // it takes minutes, in which studies may be erased
    options.stop = stop;
    archive::DriftAnswer answer;
    served->watch([&](archive::Reader& archive, base::ThreadPool& pool) {
      answer = archive::find_drift(archive, options, pool);
    });
    ArchiveDrift found{one.name, false, {}};
    for (const archive::DriftGroup& group : answer.groups) {
      found.stations.push_back({group.values.front(), group.distance, group.p_holm});
    }
    one.compared = {newest.first, answer.snapshot};
    succeeded(one, std::move(found));
    return true;
  } catch (const std::exception& error) {
    // Of the end that stopped it nobody needs to know.
    if (!stop.stop_requested()) failed(one, error.what());
    return false;
  }
}

void DriftWatch::succeeded(Watched& one, ArchiveDrift found) {
  const std::lock_guard lock(mutex_);
  one.found = std::move(found);
  one.error.clear();
}

void DriftWatch::failed(Watched& one, const std::string& error) {
  one.compared = {};
  const std::lock_guard lock(mutex_);
  // What was found before is no longer so.
  one.found = ArchiveDrift{one.name, true, {}};
  if (std::exchange(one.error, error) != error && tell_) tell_(one.name, error);
}

}  // namespace mi2::protocols::archives
