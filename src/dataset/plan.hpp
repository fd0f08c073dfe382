#pragma once
// Which records make up which batch: a function of seed, epoch and batch alone, so that any position can be resumed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace mi2::dataset {

struct Position {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;  ///< of the epoch
  friend bool operator==(const Position&, const Position&) = default;
};

struct PlanOptions {
  bool training = true;   ///< shuffled, endless, whole batches only; else in order, once, every record
  std::size_t batch = 1;  ///< records of one process
  int rank = 0;           ///< of this process among `world`
  int world = 1;
  std::uint64_t seed = 0;
  /// In training, [records]: how often each is drawn beside the others, above 0. An epoch then has as many places as
  /// records, and a record as many of them as its share, rounded down or up. Null: each has one.
  std::shared_ptr<const std::vector<double>> shares{};
};

/// A global batch is `world` x `batch` neighbours of the epoch's order; this process has the rank-th share of it. So
/// all processes together see what one process with the global batch would see, in the same order.
class BatchPlan {
 public:
  /// @throws Error{kBadArgument} for options out of range, training with fewer records than a global batch, or shares
  ///         of another number of records.
  BatchPlan(std::size_t records, const PlanOptions& options);

  /// Batches an epoch has for this process. Not in training, the last one may be smaller.
  [[nodiscard]] std::uint64_t batches() const noexcept { return batches_; }
  [[nodiscard]] std::size_t records() const noexcept { return records_; }

  /// Places [first, first + count) of the epoch's order.
  struct Share {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  [[nodiscard]] Share share(std::uint64_t batch) const noexcept;

  /// Record of every place of an epoch.
  [[nodiscard]] std::shared_ptr<const std::vector<std::uint32_t>> order(std::uint64_t epoch) const;

  /// The position after one; nothing after the last of an evaluation.
  [[nodiscard]] std::optional<Position> after(Position position) const noexcept;

 private:
  /// Deals the places of an epoch out to the records of a random order, by their shares.
  void draw_by_shares(std::vector<std::uint32_t>& order, double start) const;

  std::size_t records_;
  PlanOptions options_;
  std::uint64_t batches_ = 0;
};

}  // namespace mi2::dataset
