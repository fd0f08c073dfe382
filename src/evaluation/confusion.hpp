#pragma once
// Which class is taken for which.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mi2::evaluation {

/// The figures of one class; what would divide by zero is 0, as in scikit-learn.
struct ClassFigures {
  std::uint64_t support = 0;  ///< rows of the class
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

class Confusion {
 public:
  /// `labels` and `predicted` are [rows], below `classes`.
  Confusion(std::size_t classes, std::span<const std::size_t> labels, std::span<const std::size_t> predicted);

  [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
  /// How many rows of a class were taken for another, or for itself.
  [[nodiscard]] std::uint64_t count(std::size_t labels, std::size_t predicted) const noexcept {
    return counts_[labels * classes_ + predicted];
  }
  [[nodiscard]] ClassFigures figures(std::size_t of_class) const;
  /// The share of rows that are right; 0 of none.
  [[nodiscard]] double accuracy() const;
  /// The mean recall over the classes that occur; 0 of none.
  [[nodiscard]] double balanced_accuracy() const;

 private:
  std::size_t classes_;
  std::vector<std::uint64_t> counts_;  ///< [labels, predicted]
};

}  // namespace mi2::evaluation
