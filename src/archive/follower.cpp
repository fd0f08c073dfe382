#include "archive/follower.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/replica.hpp"

namespace mi2::archive {
namespace {

/// After a failure.
constexpr std::chrono::seconds kPause{2};
/// So many on end are said: a restart of the database is over after one, and so is a writer's turn.
constexpr int kFailures = 2;
/// Without a word from the database, which a lost connection keeps back: it is asked every kQuiet.
constexpr std::chrono::seconds kQuiet{10};
/// How soon it ends when it is told to.
constexpr std::chrono::milliseconds kStep{200};
/// For a writer of this machine, and for a connection: after that it is tried again.
constexpr std::chrono::seconds kLockPatience{2};
constexpr std::chrono::seconds kConnectPatience{5};

}  // namespace

Follower::Follower(std::filesystem::path folder)
    : folder_(std::move(folder)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Following Follower::now() const {
  const std::lock_guard lock(mutex_);
  return state();
}

void Follower::on_change(std::function<void(const Following&)> tell) {
  const std::lock_guard lock(mutex_);
  tell_ = std::move(tell);
  if (tell_ && !answers_) tell_(state());
}

Following Follower::state() const {
  return {answers_, std::chrono::duration<double>(Clock::now() - seen_).count(), error_};
}

void Follower::succeeded(Clock::time_point seen) {
  const std::lock_guard lock(mutex_);
  seen_ = seen;
  error_.clear();
  failures_ = 0;
  if (!std::exchange(answers_, true) && tell_) tell_(state());
}

void Follower::failed(const std::string& error) {
  const std::lock_guard lock(mutex_);
  error_ = error;
  if (++failures_ < kFailures) return;
  if (std::exchange(answers_, false) && tell_) tell_(state());
}

void Follower::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      follow_one_connection(stop);
    } catch (const std::exception& error) {
      // Searches go on with what there is.
      if (!stop.stop_requested()) failed(error.what());
      std::unique_lock lock(mutex_);
      stopped_.wait_for(lock, stop, kPause, [] { return false; });
    }
  }
}

void Follower::follow_one_connection(const std::stop_token& stop) {
  SharedDatabase database(place_of(folder_), kConnectPatience);
  const std::stop_callback cut(stop, [&] { database.connection().cut(); });
  const auto catch_up = [&] {
    const auto until_stopped = [&](const base::Progress&) {
      if (stop.stop_requested()) throw Error(Code::kOverloaded, "the server ends");
    };
    const Clock::time_point begin = Clock::now();
    follow(database, folder_, until_stopped, kLockPatience);
    succeeded(begin);
  };
  // A standby takes no LISTEN: this is what follows it.
  catch_up();
  // Listens first: what comes after the look is heard of. The name is that of the replica's own file: what a database
  // says would become part of a statement.
  database.connection().execute(fmt::format("LISTEN \"{}\"", SharedDatabase::channel(read_format(folder_).id)));
  while (!stop.stop_requested()) {
    catch_up();
    const auto until = std::chrono::steady_clock::now() + kQuiet;
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < until) {
      if (database.connection().wait(kStep)) break;
    }
  }
}

}  // namespace mi2::archive
