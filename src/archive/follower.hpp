#pragma once
// A thread that keeps a replica up to date while it is searched.

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace mi2::archive {

/// How a replica stands to its database.
struct Following {
  bool answers = true;  ///< the last two tries to bring it up to date did not both fail
  double seconds = 0;   ///< since it was seen to be as new as the database
  std::string error;    ///< why the last try failed; it may name the database and files
};

/// Follows from now until it goes: at once when the database says that there is something new (LISTEN), and every few
/// seconds in any case. While the database cannot be reached, the replica stays as it is, and it is tried again. It
/// goes at once, whatever it waits for or fetches, but for a connection that is being made and a
/// catalog that is scrubbed.
class Follower {
 public:
  /// @param folder  a replica that was brought up to date just now.
  explicit Follower(std::filesystem::path folder);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower() = default;

  /// From any thread.
  [[nodiscard]] Following now() const;
  /// Calls `tell` each time that the database stops to answer or answers again, and at once if it does not answer now.
  /// @param tell  of any thread, one call at a time; it does not ask this.
  void on_change(std::function<void(const Following&)> tell);

 private:
  using Clock = std::chrono::steady_clock;
  void run(const std::stop_token& stop);
  void follow_one_connection(const std::stop_token& stop);
  /// @param seen  when the database had what the replica has now.
  void succeeded(Clock::time_point seen);
  void failed(const std::string& error);
  [[nodiscard]] Following state() const;

  std::filesystem::path folder_;
  mutable std::mutex mutex_;  ///< of the next five
  bool answers_ = true;
  int failures_ = 0;  ///< on end
  Clock::time_point seen_ = Clock::now();
  std::string error_;
  std::function<void(const Following&)> tell_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  ///< the first to go
};

}  // namespace mi2::archive
