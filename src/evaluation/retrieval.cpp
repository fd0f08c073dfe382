#include "evaluation/retrieval.hpp"

#include <algorithm>
#include <cmath>

namespace mi2::evaluation {
namespace {

double hits(std::span<const std::uint8_t> relevant, std::size_t k) {
  const auto end = relevant.begin() + static_cast<std::ptrdiff_t>(std::min(k, relevant.size()));
  return static_cast<double>(std::count(relevant.begin(), end, std::uint8_t{1}));
}

double discount(std::size_t place) { return 1 / std::log2(static_cast<double>(place) + 2); }

}  // namespace

double precision_at(std::span<const std::uint8_t> relevant, std::size_t k) {
  return hits(relevant, k) / static_cast<double>(k);
}

std::optional<double> recall_at(std::span<const std::uint8_t> relevant, std::size_t all, std::size_t k) {
  if (all == 0) return std::nullopt;
  return hits(relevant, k) / static_cast<double>(all);
}

std::optional<double> average_precision(std::span<const std::uint8_t> relevant, std::size_t all) {
  if (all == 0) return std::nullopt;
  double found = 0;
  double sum = 0;
  for (std::size_t i = 0; i < relevant.size(); ++i) {
    if (relevant[i] == 0) continue;
    ++found;
    sum += found / static_cast<double>(i + 1);
  }
  return sum / static_cast<double>(all);
}

std::optional<double> ndcg_at(std::span<const std::uint8_t> relevant, std::size_t all, std::size_t k) {
  if (all == 0) return std::nullopt;
  double gain = 0;
  for (std::size_t i = 0; i < std::min(k, relevant.size()); ++i) gain += relevant[i] != 0 ? discount(i) : 0;
  double best = 0;
  for (std::size_t i = 0; i < std::min(k, all); ++i) best += discount(i);
  return gain / best;
}

}  // namespace mi2::evaluation
