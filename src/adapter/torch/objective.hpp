#pragma once
// What an mlp adapter is trained for, and how good an epoch is.

#include <memory>
#include <string_view>
#include <tuple>

#include <torch/types.h>

#include "adapter/fit.hpp"
#include "evaluation/scores.hpp"

namespace mi2::adapter {

/// How good an epoch is: its figure, then its loss.
struct Validation {
  double figure = -1;  ///< as it is reported
  double loss = 0;     ///< on the validation rows
  bool less_is_better = false;
  [[nodiscard]] bool better_than(const Validation& other) const {
    const double sign = less_is_better ? -1 : 1;
    return std::tuple(sign * figure, -loss) > std::tuple(sign * other.figure, -other.loss);
  }
};

class Objective {
 public:
  virtual ~Objective() = default;
  /// What Validation::figure is called.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Whether a batch has a loss. @param rows  of the training rows.
  [[nodiscard]] virtual bool says_something(const torch::Tensor& /*rows*/) const { return true; }
  /// @param logits  [batch, labels].
  [[nodiscard]] virtual torch::Tensor loss(const torch::Tensor& logits, const torch::Tensor& rows) const = 0;
  /// @param logits  of the validation rows.
  [[nodiscard]] virtual Validation validate(const evaluation::Scores& logits) const = 0;
};

/// Refers to the samples.
std::unique_ptr<Objective> make_objective(const AdapterDescription& shape, const Samples& train,
                                          const Samples& validation, const FitOptions& options);

}  // namespace mi2::adapter
