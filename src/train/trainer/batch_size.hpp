#pragma once
// TRAIN.BATCH_SIZE_PER_GPU: auto, found by trying.

#include <cstdint>
#include <functional>

namespace mi2::train {

/// The largest divisor of `images` that fits, trying the smaller ones first. @returns 0 if not even one image does.
std::int64_t largest_that_fits(std::int64_t images, const std::function<bool(std::int64_t)>& fits);

/// What trials on a CPU may take. Memory that runs out there ends the process, so that it is predicted: what a trial
/// took over the start grows no faster than its images.
class MemoryTrials {
 public:
  /// @param start  resident bytes before any trial. @param limit  resident bytes that there may be.
  MemoryTrials(std::uint64_t start, std::uint64_t limit) : start_(start), limit_(limit) {}

  /// @param peak  runs a trial with so many images, and reports the most bytes that were resident. Not called where the
  ///              trial before says that they would not fit. @param images  more than in the trial before.
  bool fits(std::int64_t images, const std::function<std::uint64_t(std::int64_t)>& peak);

  [[nodiscard]] double limit() const noexcept { return limit_; }
  /// Of a step with so many images.
  [[nodiscard]] double predicted(std::int64_t images) const;

 private:
  double start_;
  double limit_;
  std::int64_t images_ = 0;  ///< in the last trial that fitted
  double peak_ = 0;          ///< of it
};

}  // namespace mi2::train
