#pragma once
// One request's rows on their way through decoding and forward passes.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "protocols/request_plan.hpp"

namespace mi2::server {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Where the time of a job's rows went, in seconds.
struct JobTimes {
  double queue = 0;       ///< the longest that a row was ready and waited for a forward pass
  double decode = 0;      ///< of all its images
  double preprocess = 0;  ///< of all its images
  double inference = 0;   ///< of the forward passes its rows were part of
};

enum class Lane { kImage, kText };

/// Rows finish in any order on any thread; the last one calls `done`. A failed row fails the request, and of several
/// failures the first in the request's order is reported, whatever the order they happened in.
class Job {
 public:
  /// @param work  has a row at least.
  /// @param dimensions  of the model's vectors.
  Job(protocols::Work work, std::size_t dimensions, std::function<void()> done);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  [[nodiscard]] protocols::Work& work() noexcept { return work_; }

  /// Whether a row's result can still matter: no row before it has failed.
  [[nodiscard]] bool wanted(Lane lane, std::size_t row) const noexcept { return rank(lane, row) < failed_.load(); }

  /// Whether the request wants the patches of the image of a row.
  [[nodiscard]] bool wants_patches(std::size_t row) const noexcept { return work_.patches && row == 0; }
  /// Before succeed() of the same row.
  void set_patches(embedder::Patches patches);
  void succeed(Lane lane, std::size_t row, std::span<const float> vector);
  /// @param own  the fault of this row's image, not of the request or the server.
  void fail(Lane lane, std::size_t row, std::exception_ptr error, bool own);
  /// A row that is not wanted any more.
  void skip();
  /// Nobody waits for the answer any more: no row is wanted.
  void abandon();

  void add_prepare(const PrepareTimes& times);
  /// Of the image of a row.
  void add_warnings(std::size_t row, std::vector<std::string> warnings);
  void add_wait(double queue_seconds);
  void add_pass(double inference_seconds);

  // Once `done` was called:
  [[nodiscard]] const JobTimes& times() const noexcept { return times_; }
  [[nodiscard]] bool failed_by_own() const noexcept { return own_; }
  /// @returns the vectors. @throws what the first failed row threw.
  protocols::Vectors take_vectors();

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  [[nodiscard]] std::size_t rank(Lane lane, std::size_t row) const noexcept {
    return lane == Lane::kImage ? row : images_ + row;
  }
  void finish_row();

  protocols::Work work_;
  std::size_t images_;
  protocols::Vectors vectors_;
  std::function<void()> done_;
  std::atomic<std::size_t> left_;
  std::atomic<std::size_t> failed_{kNone};  ///< rank of the first failed row
  std::mutex mutex_;                        ///< guards what follows
  JobTimes times_;
  std::map<std::size_t, std::vector<std::string>> warnings_;  ///< by the image's row
  std::exception_ptr error_;
  bool own_ = false;
};

}  // namespace mi2::server
