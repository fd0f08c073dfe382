#pragma once
// Labels in an order: what the likelihood of proportional odds is made of.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace mi2::adapter {

/// The logit of a label up to the k-th is cut[k] - w . x.
/// Source: McCullagh, J. R. Statist. Soc. B 1980, section 2.1.
class CumulativeLink {
 public:
  /// @param classes  [rows], below `count`, each of which a row has. @param count  at least 2.
  CumulativeLink(const std::vector<std::int64_t>& classes, std::int64_t count);

  /// The cuts of the labels' shares among the rows: where the weights are 0, the minimum. [count - 1]
  [[nodiscard]] torch::Tensor start() const;

  struct Derivatives {
    double loss = 0;          ///< minus the logarithm of the likelihood; infinite where the cuts do not ascend
    torch::Tensor gradient;   ///< [dimensions + count - 1]: weights, then cuts; not defined of an infinite loss
    torch::Tensor curvature;  ///< the second derivatives, as `gradient` twice
  };
  /// @param x  [rows, dimensions], f64. @param weights  [dimensions]. @param cuts  [count - 1].
  [[nodiscard]] Derivatives derivatives(const torch::Tensor& x, const torch::Tensor& weights,
                                        const torch::Tensor& cuts) const;

 private:
  torch::Tensor class_;  ///< [rows]
  std::int64_t count_;
};

}  // namespace mi2::adapter
