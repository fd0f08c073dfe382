#include "adapter/pair_coupling.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mi2::adapter {
namespace {

/// The quadratic form whose minimum the probabilities are.
std::vector<double> form_of(std::span<const double> pairs, std::size_t n) {
  std::vector<double> form(n * n);
  for (std::size_t t = 0; t < n; ++t) {
    for (std::size_t j = 0; j < n; ++j) {
      if (j == t) continue;
      form[t * n + t] += pairs[j * n + t] * pairs[j * n + t];
      form[t * n + j] = -pairs[j * n + t] * pairs[t * n + j];
    }
  }
  return form;
}

}  // namespace

double pair_probability(double decision, double a, double b) {
  constexpr double kLeast = 1e-7;
  const double x = decision * a + b;
  const double found = x >= 0 ? std::exp(-x) / (1 + std::exp(-x)) : 1 / (1 + std::exp(x));
  return std::clamp(found, kLeast, 1 - kLeast);
}

std::vector<double> couple(std::span<const double> pairs, std::size_t labels) {
  const std::size_t n = labels;
  const std::vector<double> form = form_of(pairs, n);
  const double near = 0.005 / static_cast<double>(n);
  std::vector<double> p(n, 1 / static_cast<double>(n));
  std::vector<double> product(n);
  for (std::size_t round = 0; round < std::max<std::size_t>(100, n); ++round) {
    for (std::size_t t = 0; t < n; ++t) {
      product[t] = std::inner_product(p.begin(), p.end(), form.begin() + static_cast<std::ptrdiff_t>(t * n), 0.0);
    }
    double value = std::inner_product(p.begin(), p.end(), product.begin(), 0.0);
    const bool done = std::all_of(product.begin(), product.end(), [&](double x) { return std::abs(x - value) < near; });
    if (done) break;
    for (std::size_t t = 0; t < n; ++t) {
      const double own = form[t * n + t];
      const double step = (value - product[t]) / own;
      p[t] += step;
      value = (value + step * (step * own + 2 * product[t])) / (1 + step) / (1 + step);
      for (std::size_t j = 0; j < n; ++j) {
        product[j] = (product[j] + step * form[t * n + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  return p;
}

}  // namespace mi2::adapter
