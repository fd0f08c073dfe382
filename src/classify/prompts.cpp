#include "classify/prompts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::classify {
namespace {

constexpr std::string_view kSlot = "{}";

std::string filled(const std::string& text, const std::string& label) {
  std::string result = text;
  for (std::size_t at = result.find(kSlot); at != std::string::npos; at = result.find(kSlot, at + label.size())) {
    result.replace(at, kSlot.size(), label);
  }
  return result;
}

void check(const std::vector<std::string>& labels, const std::vector<std::string>& templates) {
  if (labels.empty()) throw Error(Code::kBadArgument, "labels: expected at least one");
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) throw Error(Code::kBadArgument, fmt::format("label {} is empty", i + 1));
    if (!seen.insert(labels[i]).second) {
      throw Error(Code::kBadArgument, fmt::format("label {} is a duplicate", i + 1));
    }
  }
  if (templates.empty()) throw Error(Code::kBadArgument, "templates: expected at least one");
  for (std::size_t i = 0; i < templates.size(); ++i) {
    if (templates[i].find(kSlot) == std::string::npos) {
      throw Error(Code::kBadArgument, fmt::format("template {} has no '{{}}', where the label goes", i + 1));
    }
  }
}

/// Writes the mean of `count` unit vectors from row `first` on, as a unit vector.
void mean_direction(const EmbeddingMatrix& vectors, std::size_t first, std::size_t count, std::span<float> mean) {
  if (count == 1) {
    std::ranges::copy(vectors.row(first), mean.begin());
    return;
  }
  std::vector<double> sum(mean.size(), 0.0);
  for (std::size_t row = first; row < first + count; ++row) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += vectors.row(row)[i];
  }
  const double norm = std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0));
  for (std::size_t i = 0; i < sum.size(); ++i) mean[i] = static_cast<float>(norm > 0 ? sum[i] / norm : 0.0);
}

}  // namespace

std::vector<std::string> prompts_of(const std::vector<std::string>& labels, const std::vector<std::string>& templates) {
  check(labels, templates);
  std::vector<std::string> texts;
  for (const std::string& label : labels) {
    for (const std::string& text : templates) texts.push_back(filled(text, label));
  }
  return texts;
}

EmbeddingMatrix label_directions(const EmbeddingMatrix& vectors, std::size_t templates) {
  EmbeddingMatrix directions(vectors.rows() / templates, vectors.dimensions());
  for (std::size_t i = 0; i < directions.rows(); ++i) {
    mean_direction(vectors, i * templates, templates, directions.row(i));
  }
  return directions;
}

}  // namespace mi2::classify
