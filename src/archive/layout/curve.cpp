#include "archive/layout/curve.hpp"

#include <cmath>
#include <cstddef>

namespace mi2::archive::layout {
namespace {

constexpr std::size_t kSamples = 300;
constexpr double kFarthest = 3;

/// Where the sum of squares stands, and how it changes with a and b.
struct Normal {
  double cost = 0;
  double aa = 0, ab = 0, bb = 0;  ///< of the product of the Jacobian with itself
  double a = 0, b = 0;            ///< of its product with the residuals
};

Normal normal_of(const Curve& curve, double min_dist) {
  Normal normal;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const double d = kFarthest * static_cast<double>(i) / static_cast<double>(kSamples - 1);
    const double wanted = d < min_dist ? 1.0 : std::exp(-(d - min_dist));
    const double power = i == 0 ? 0.0 : std::pow(d, 2 * curve.b);
    const double value = 1 / (1 + curve.a * power);
    const double residual = value - wanted;
    const double by_a = -power * value * value;
    const double by_b = i == 0 ? 0.0 : 2 * curve.a * std::log(d) * by_a;
    normal.cost += residual * residual;
    normal.aa += by_a * by_a;
    normal.ab += by_a * by_b;
    normal.bb += by_b * by_b;
    normal.a += by_a * residual;
    normal.b += by_b * residual;
  }
  return normal;
}

}  // namespace

Curve fit_curve(double min_dist) {
  // Levenberg and Marquardt. From (1, 1) it takes some ten steps.
  constexpr int kMostSteps = 200;
  constexpr double kSmallStep = 1e-12;
  Curve best;
  Normal at = normal_of(best, min_dist);
  double damping = 1e-3;
  for (int step = 0; step < kMostSteps; ++step) {
    const double aa = at.aa * (1 + damping);
    const double bb = at.bb * (1 + damping);
    const double determinant = aa * bb - at.ab * at.ab;
    const Curve next{best.a - (bb * at.a - at.ab * at.b) / determinant,
                     best.b - (aa * at.b - at.ab * at.a) / determinant};
    const bool possible = std::isfinite(next.a) && std::isfinite(next.b) && next.a > 0 && next.b > 0;
    const Normal there = possible ? normal_of(next, min_dist) : Normal{};
    if (!possible || !(there.cost <= at.cost)) {
      damping *= 10;
      continue;
    }
    const double moved = std::abs(next.a - best.a) + std::abs(next.b - best.b);
    best = next;
    at = there;
    damping /= 10;
    if (moved < kSmallStep) break;
  }
  return best;
}

}  // namespace mi2::archive::layout
