#include "benchmark/fidelity/statistics.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::fidelity {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

Cosines cosines(const EmbeddingMatrix& found, const EmbeddingMatrix& reference) {
  if (found.rows() != reference.rows() || found.empty()) {
    throw Error(Code::kInternal, fmt::format("cosines: {} vectors against {}", found.rows(), reference.rows()));
  }
  if (found.dimensions() != reference.dimensions()) {
    throw Error(Code::kInternal, fmt::format("cosines: vectors have {} numbers, their counterparts {}",
                                             found.dimensions(), reference.dimensions()));
  }
  Cosines result{1, 0};
  double sum = 0;
  for (std::size_t i = 0; i < found.rows(); ++i) {
    const std::span<const float> a = found.row(i);
    const std::span<const float> b = reference.row(i);
    const double cosine = std::min(1.0, dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)));
    result.min = std::min(result.min, cosine);
    sum += cosine;
  }
  // Of many equal cosines the rounded mean could be less than the least.
  result.mean = std::max(result.min, sum / static_cast<double>(found.rows()));
  return result;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<std::size_t> top_labels(const EmbeddingMatrix& images, const EmbeddingMatrix& labels) {
  std::vector<std::size_t> tops;
  for (std::size_t i = 0; i < images.rows(); ++i) {
    std::vector<double> similarity;
    for (std::size_t j = 0; j < labels.rows(); ++j) similarity.push_back(dot(images.row(i), labels.row(j)));
    tops.push_back(
        static_cast<std::size_t>(std::max_element(similarity.begin(), similarity.end()) - similarity.begin()));
  }
  return tops;
}

std::optional<double> agreement(std::span<const std::size_t> found, std::span<const std::size_t> reference) {
  if (found.empty() || found.size() != reference.size()) return std::nullopt;
  std::size_t same = 0;
  for (std::size_t i = 0; i < found.size(); ++i) same += found[i] == reference[i] ? 1 : 0;
  return static_cast<double>(same) / static_cast<double>(found.size());
}

std::optional<double> accuracy(std::span<const std::size_t> found,
                               std::span<const std::optional<std::size_t>> label_of) {
  std::size_t known = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < std::min(found.size(), label_of.size()); ++i) {
    if (!label_of[i]) continue;
    ++known;
    right += *label_of[i] == found[i] ? 1 : 0;
  }
  if (known == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(known);
}

void check_unit_vectors(const EmbeddingMatrix& vectors, std::string_view what) {
  for (std::size_t i = 0; i < vectors.rows(); ++i) {
    const double length = std::sqrt(dot(vectors.row(i), vectors.row(i)));
    if (std::abs(length - 1) < 1e-3) continue;
    throw Error(Code::kInternal, fmt::format("{} {}: its vector has length {}, not 1", what, i + 1, length));
  }
}

}  // namespace mi2::fidelity
