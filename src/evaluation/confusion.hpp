#pragma once
// Which class is taken for which.

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// Rows of one class against the rest.
struct ClassCounts {
  std::uint64_t rows = 0;   ///< that are of the class
  std::uint64_t calls = 0;  ///< that are called so
  std::uint64_t right = 0;  ///< that are both
};
ClassFigures figures_of(const ClassCounts& counts);

/// Figures of several classes together; support is that of all of them.
struct Averages {
  ClassFigures macro;  ///< the means of the classes' figures
  ClassFigures micro;  ///< the figures of the classes' counts, summed
};
Averages averages_of(std::span<const ClassCounts> classes);

/// How much worse a mistake is, by how far apart the two classes are.
enum class KappaWeights : std::uint8_t { kNone, kLinear, kQuadratic };

class Confusion {
 public:
  /// `labels` and `predicted` are [rows], below `classes`. `weights` is [rows], whole numbers, or empty for one each.
  Confusion(std::size_t classes, std::span<const std::size_t> labels, std::span<const std::size_t> predicted,
            std::span<const double> weights = {});

  [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
  /// How many rows of a class were taken for another, or for itself.
  [[nodiscard]] std::uint64_t count(std::size_t labels, std::size_t predicted) const noexcept {
    return counts_[labels * classes_ + predicted];
  }
  [[nodiscard]] ClassCounts counts(std::size_t of_class) const;
  [[nodiscard]] ClassFigures figures(std::size_t of_class) const { return figures_of(counts(of_class)); }
  /// Over the classes that occur or are called, as in scikit-learn.
  [[nodiscard]] Averages averages() const;
  /// Matthews' correlation of classes and calls, from -1 to 1; 0 where either is always the same.
  /// Source: Gorodkin, Comput. Biol. Chem. 2004; equal to scikit-learn's matthews_corrcoef.
  [[nodiscard]] double matthews() const { return correlation().value_or(0.0); }
  /// As matthews(); nothing where either is always the same.
  [[nodiscard]] std::optional<double> correlation() const;
  /// Cohen's agreement of classes and calls beyond chance; nothing where chance alone would always agree. For weights,
  /// classes are in order.      Source: Cohen, Psychological Bulletin 1968; equal to scikit-learn's cohen_kappa_score
  /// where every class is in its `labels`.
  [[nodiscard]] std::optional<double> kappa(KappaWeights weights = KappaWeights::kNone) const;
  /// The share of rows that are right; 0 of none.
  [[nodiscard]] double accuracy() const;
  /// The mean recall over the classes that occur; 0 of none.
  [[nodiscard]] double balanced_accuracy() const;

 private:
  std::size_t classes_;
  std::vector<std::uint64_t> counts_;  ///< [labels, predicted]
};

}  // namespace mi2::evaluation
