#include "benchmark/fidelity/statistics.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::fidelity {
namespace {

double dot(const Embedding& a, const Embedding& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

Cosines cosines(std::span<const Embedding> found, std::span<const Embedding> reference) {
  if (found.size() != reference.size() || found.empty()) {
    throw Error(Code::kInternal, fmt::format("cosines: {} vectors against {}", found.size(), reference.size()));
  }
  Cosines result{1, 0};
  double sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].size() != reference[i].size()) {
      throw Error(Code::kInternal, fmt::format("cosines: vector {} has {} numbers, its counterpart {}", i + 1,
                                               found[i].size(), reference[i].size()));
    }
    const double lengths = std::sqrt(dot(found[i], found[i]) * dot(reference[i], reference[i]));
    const double cosine = std::min(1.0, dot(found[i], reference[i]) / lengths);
    result.min = std::min(result.min, cosine);
    sum += cosine;
  }
  // Of many equal cosines the rounded mean could be less than the least.
  result.mean = std::max(result.min, sum / static_cast<double>(found.size()));
  return result;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<std::size_t> top_labels(std::span<const Embedding> images, std::span<const Embedding> labels) {
  std::vector<std::size_t> tops;
  for (const Embedding& image : images) {
    std::vector<double> similarity;
    for (const Embedding& label : labels) similarity.push_back(dot(image, label));
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

std::optional<double> accuracy(std::span<const std::size_t> found, std::span<const std::optional<std::size_t>> truth) {
  std::size_t known = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < std::min(found.size(), truth.size()); ++i) {
    if (!truth[i]) continue;
    ++known;
    right += *truth[i] == found[i] ? 1 : 0;
  }
  if (known == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(known);
}

void check_unit_vectors(std::span<const Embedding> vectors, std::string_view what) {
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const double length = std::sqrt(dot(vectors[i], vectors[i]));
    if (std::abs(length - 1) < 1e-3) continue;
    throw Error(Code::kInternal, fmt::format("{} {}: its vector has length {}, not 1", what, i + 1, length));
  }
}

}  // namespace mi2::fidelity
