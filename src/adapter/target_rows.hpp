#pragma once
// What is true of rows, by what an adapter is to answer with.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "adapter/adapter.hpp"
#include "adapter/fit.hpp"

namespace mi2::adapter {

struct TrainingSet;

/// How many numbers Samples::classes may have.
std::size_t classes_of(const TrainingSet& set);

/// Of Target::kFindings: what Samples::classes are, so that folds spread rare labels: the rarest label that a row has,
/// from 1; 0: none. @param findings  [rows, labels].
std::vector<std::size_t> rarest_labels(const std::vector<std::uint8_t>& findings, std::size_t labels);

/// That training rows have what the target needs.
/// @throws Error{kBadArgument} saying what is missing.
void check_truth(const TrainingSet& set);

/// Which of the labels a fit on rows can know: of kLabel and kOrdinal those that a row has, if there are two; of
/// kFindings those that a row has and another has not; of one number that itself. [labels], 0 or 1.
/// @param rows  of `train`.
std::vector<std::uint8_t> known_labels(Target target, const Samples& train, const std::vector<std::size_t>& rows,
                                       std::size_t labels);

/// Of Target::kOrdinal: makes strictly descending what rounding has made equal, by the least possible.
void keep_descending(std::vector<float>& cuts);

/// The middle and the spread of numbers, so that a fit does not depend on their unit.
struct NumberScale {
  double centre = 0;  ///< the median
  double spread = 1;  ///< the standard deviation; 1 where nothing varies

  explicit NumberScale(const std::vector<double>& numbers);
  [[nodiscard]] Samples apply(Samples samples) const;
  /// Changes a last layer so that it answers in the numbers' own unit.
  void fold(AdapterTensor& weight, AdapterTensor& bias) const;
};

}  // namespace mi2::adapter
