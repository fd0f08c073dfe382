#pragma once
// Who was at risk when an event happened: what Cox's partial likelihood is made of.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

namespace mi2::adapter {

class RiskSets {
 public:
  /// @param times, classes  of all rows; class 1: an event. @param rows  those that count.
  /// @param efron  of d events of one time, the k-th has k / d of them taken from its risk set; else Breslow's way, by
  ///               which none is.      Source: Efron, J. Am. Stat. Assoc. 1977; Breslow, Biometrics 1974.
  RiskSets(std::span<const double> times, std::span<const std::size_t> classes, std::span<const std::size_t> rows,
           bool efron);

  [[nodiscard]] std::size_t events() const noexcept { return events_; }
  /// [rows], the given rows' places from the latest time to the earliest.
  [[nodiscard]] const torch::Tensor& order() const noexcept { return order_; }

  /// The partial likelihood's logarithm, with a gradient. @param risk  [rows], log hazards, as rows were given.
  [[nodiscard]] torch::Tensor log_likelihood(const torch::Tensor& risk) const;

  struct Derivatives {
    double log_likelihood = 0;
    torch::Tensor gradient;   ///< [dimensions]
    torch::Tensor curvature;  ///< [dimensions, dimensions]: minus the second derivatives
  };
  /// Of risk = x w. @param x  [rows, dimensions], f64, in order(). @param weights  [dimensions].
  [[nodiscard]] Derivatives derivatives(const torch::Tensor& x, const torch::Tensor& weights) const;

 private:
  struct Sums {
    torch::Tensor all;   ///< [event times, ..]: over who is at risk
    torch::Tensor tied;  ///< [event times, ..]: over who has the event then
  };
  [[nodiscard]] Sums sums_of(const torch::Tensor& values) const;

  std::size_t events_ = 0;
  torch::Tensor order_;
  torch::Tensor last_;         ///< [event times]: the last place at risk
  torch::Tensor event_place_;  ///< [events]: places in order
  torch::Tensor event_time_;   ///< [events]: which event time
  torch::Tensor taken_;        ///< [events], f64: what of the tied events is taken from the risk set
};

}  // namespace mi2::adapter
