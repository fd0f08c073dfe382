#include "adapter/fit.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace mi2::adapter {
namespace {

constexpr double kF64 = 8;
constexpr double kF32 = 4;

/// Whether Newton's method fits it, which squares the dimensions, or the rows where they are fewer.
bool is_squared(const AdapterDescription& shape) {
  return shape.kind == AdapterKind::kLinear && shape.target != Target::kLabel && shape.target != Target::kFindings;
}

double memory_of_newton(const AdapterDescription& shape, double rows, double dimensions) {
  const double fewer = std::min(rows, dimensions);
  const double squared = fewer + static_cast<double>(shape.labels.size());
  // Rows as they are, centred and in order; where they are reduced, also their factors. Then what a step has of them,
  // of which survival has the most; the curvature, its copies and its factor.
  const double copies = rows < dimensions ? 6 : 3;
  return kF64 * (copies * rows * dimensions + 8 * rows * fewer + 6 * squared * squared);
}

/// L-BFGS, of all labels or of one finding after the other.
double memory_of_logistic(const AdapterDescription& shape, double rows, double dimensions) {
  constexpr double kLongestBasis = 4096;
  const double outputs = shape.target == Target::kFindings ? 2 : static_cast<double>(shape.labels.size());
  const double basis = dimensions <= kLongestBasis ? 5 * dimensions * dimensions : 0;
  constexpr double kHistory = 2 * 20 + 4;
  return kF64 * (3 * rows * dimensions + 6 * rows * outputs + basis + kHistory * outputs * dimensions);
}

double memory_of_mlp(const AdapterDescription& shape, double rows, double dimensions, double batch) {
  double weights = 0;
  for (const AdapterTensor& tensor : layout_of(shape)) {
    double numbers = 1;
    for (const std::int64_t size : tensor.shape) numbers *= static_cast<double>(size);
    weights += numbers;
  }
  const double widths = dimensions + 4 * kMlpWidth + 4 * static_cast<double>(shape.hidden_dim);
  // Weights with gradients, two moments and the best so far; activations, and their gradients, of a batch or, of the
  // rows that are held out, of all of them.
  return kF32 * (6 * weights + rows * dimensions + 2 * std::max(batch, rows) * widths);
}

}  // namespace

void Samples::add(std::span<const float> embedding, const RowTruth& truth, std::size_t id) {
  add(embedding, truth.of_class, id);
  if (truth.number) numbers.push_back(*truth.number);
  findings.insert(findings.end(), truth.findings.begin(), truth.findings.end());
}

double memory_of_fit(const AdapterDescription& shape, std::size_t rows, const FitOptions& options) {
  const auto count = static_cast<double>(rows);
  const auto dimensions = static_cast<double>(shape.in_channels);
  if (shape.kind == AdapterKind::kMlp) {
    return memory_of_mlp(shape, count, dimensions, static_cast<double>(options.batch));
  }
  return is_squared(shape) ? memory_of_newton(shape, count, dimensions) : memory_of_logistic(shape, count, dimensions);
}

void check_size_of_fit(const AdapterDescription& shape, std::size_t rows, const FitOptions& options,
                       std::optional<std::uint64_t> available) {
  const std::size_t squared = std::min(rows, static_cast<std::size_t>(shape.in_channels));
  if (is_squared(shape) && squared > kMostSquared) {
    throw Error(Code::kTooLarge,
                fmt::format("train: target {}: {} rows of {} numbers; expected at most {} rows, or numbers per row",
                            name_of(shape.target), rows, shape.in_channels, kMostSquared));
  }
  const double needed = memory_of_fit(shape, rows, options);
  if (!available || needed <= static_cast<double>(*available)) return;
  constexpr double kGibibyte = 1 << 30;
  throw Error(Code::kTooLarge,
              fmt::format("train: {} rows of {} numbers, kind {}, target {}: need about {:.1f} GiB of memory, {:.1f} "
                          "GiB are there; expected fewer rows or shorter embeddings",
                          rows, shape.in_channels, name_of(shape.kind), name_of(shape.target), needed / kGibibyte,
                          static_cast<double>(*available) / kGibibyte));
}

base::Linked<Fitter>& fitter() noexcept {
  static base::Linked<Fitter> chosen;
  return chosen;
}

Fitted fit(const AdapterDescription& shape, const Samples& train, const Samples& validation, const FitOptions& options,
           const base::OnProgress& on_progress) {
  const Fitter compute =
      fitter().get("training needs libtorch, and this program was built without it (MI2_WITH_TORCH)");
  return compute(shape, train, validation, options, on_progress);
}

}  // namespace mi2::adapter
