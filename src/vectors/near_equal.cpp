#include "vectors/near_equal.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "vectors/knn.hpp"

namespace mi2::vectors {
namespace {

constexpr std::size_t kPairs = 2001;
/// Products of numbers that a search may take: some seconds.
constexpr double kMostProducts = 2e11;

/// Even enough over [0, count), and the same on every machine.
std::size_t pick(std::mt19937_64& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

}  // namespace

double near_distance(const EmbeddingMatrix& rows, std::span<const std::size_t> classes, std::uint64_t seed) {
  std::map<std::size_t, std::vector<std::size_t>> of_class;
  for (std::size_t r = 0; r < classes.size(); ++r) {
    if (!is_zero(rows.row(r))) of_class[classes[r]].push_back(r);
  }
  std::vector<const std::vector<std::size_t>*> lists;
  for (const auto& [label, list] : of_class) {
    if (list.size() > 1) lists.push_back(&list);
  }
  if (lists.empty()) return kAlwaysNear;
  std::mt19937_64 random(seed);
  std::vector<double> distances;
  for (std::size_t i = 0; i < kPairs; ++i) {
    const std::vector<std::size_t>& list = *lists[i % lists.size()];
    const std::size_t first = pick(random, list.size());
    const std::size_t second = (first + 1 + pick(random, list.size() - 1)) % list.size();
    distances.push_back(cosine_distance(rows.row(list[first]), rows.row(list[second])));
  }
  const auto middle = distances.begin() + kPairs / 2;
  std::nth_element(distances.begin(), middle, distances.end());
  return std::max(kAlwaysNear, kNearShare * *middle);
}

NearEqual near_equal_across(const EmbeddingMatrix& rows, std::span<const std::size_t> part_of,
                            std::span<const unsigned char> judged, double distance, unsigned threads) {
  const std::size_t dimensions = rows.dimensions();
  EmbeddingMatrix known(0, dimensions);
  std::vector<std::size_t> part_of_known;
  std::vector<std::size_t> wanted;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    if (is_zero(rows.row(r))) continue;
    known.append(rows.row(r));
    part_of_known.push_back(part_of[r]);
    if (judged.empty() || judged[r] != 0) wanted.push_back(r);
  }
  NearEqual found;
  if (wanted.empty()) return found;
  const double cost = static_cast<double>(known.rows()) * static_cast<double>(dimensions);
  const auto most = static_cast<std::size_t>(std::max(1.0, kMostProducts / cost));
  const std::size_t step = (wanted.size() + most - 1) / most;
  EmbeddingMatrix queries(0, dimensions);
  std::vector<std::size_t> part_of_queries;
  for (std::size_t i = 0; i < wanted.size(); i += step) {
    queries.append(rows.row(wanted[i]));
    part_of_queries.push_back(part_of[wanted[i]]);
  }
  const Neighbours neighbours(known.numbers(), dimensions, Metric::kCosine, threads);
  found.looked_at = queries.rows();
  for (const auto& nearest : neighbours.search(queries.numbers(), dimensions, 1, {part_of_known, part_of_queries})) {
    if (!nearest.empty() && nearest.front().distance < distance) ++found.found;
  }
  return found;
}

}  // namespace mi2::vectors
