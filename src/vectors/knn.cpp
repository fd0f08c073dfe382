#include "vectors/knn.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "ops/cpu/cpu_ops.hpp"

namespace mi2::vectors {
namespace {

/// A block of products is kRows x kQueries floats: 4 MB, so that it is still in the cache when it is searched.
constexpr std::size_t kRows = 4096;
constexpr std::size_t kQueries = 256;

double inner(std::span<const float> a, std::span<const float> b) {
  // Of two floats the product is exact in f64.
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                            [](double x, double y) { return x * y; });
}

void check_not_zero(std::span<const float> values, std::size_t dimensions, std::string_view what) {
  for (std::size_t r = 0; r * dimensions < values.size(); ++r) {
    const auto row = values.subspan(r * dimensions, dimensions);
    if (!is_zero(row)) continue;
    throw Error(Code::kBadArgument, fmt::format("knn: {} {} is a zero vector, which has no direction", what, r + 1));
  }
}

struct Farther {
  bool operator()(const std::pair<float, std::size_t>& a, const std::pair<float, std::size_t>& b) const {
    return a < b;
  }
};
/// The k smallest so far, the largest of them on top.
using Best = std::priority_queue<std::pair<float, std::size_t>, std::vector<std::pair<float, std::size_t>>, Farther>;

}  // namespace

Metric parse_metric(std::string_view name) {
  if (name == "cosine") return Metric::kCosine;
  if (name == "euclidean") return Metric::kEuclidean;
  if (name == "dot") return Metric::kDot;
  throw Error(Code::kBadArgument, fmt::format("metric: expected cosine, euclidean or dot, got '{}'", name));
}

Vote parse_vote(std::string_view name) {
  if (name == "majority") return Vote::kMajority;
  if (name == "distance") return Vote::kDistance;
  throw Error(Code::kBadArgument, fmt::format("vote: expected majority or distance, got '{}'", name));
}

struct Neighbours::Impl {
  Metric metric;
  std::size_t dimensions;
  std::vector<float> rows;     ///< [count, dimensions]
  std::vector<float> squares;  ///< of the rows' lengths
  mutable ops::CpuOps ops;

  Impl(std::span<const float> values, std::size_t width, Metric how, unsigned threads)
      : metric(how), dimensions(width), rows(values.begin(), values.end()), ops(options(threads)) {
    for (std::size_t r = 0; r < count(); ++r) squares.push_back(static_cast<float>(inner(row(r), row(r))));
  }

  static ops::CpuOps::Options options(unsigned threads) {
    ops::CpuOps::Options chosen;
    chosen.threads = threads;
    return chosen;
  }

  [[nodiscard]] std::size_t count() const { return rows.size() / dimensions; }
  [[nodiscard]] std::span<const float> row(std::size_t r) const {
    return std::span(rows).subspan(r * dimensions, dimensions);
  }

  /// What ranks a row as its distance does, from the inner product.
  [[nodiscard]] float rank(std::size_t r, float product) const {
    switch (metric) {
      case Metric::kCosine:
        return -product / std::sqrt(squares[r]);
      case Metric::kEuclidean:
        return squares[r] - 2 * product;
      case Metric::kDot:
        break;
    }
    return -product;
  }

  [[nodiscard]] double distance(std::span<const float> query, std::size_t r) const {
    if (metric == Metric::kDot) return -inner(query, row(r));
    if (metric == Metric::kCosine) return cosine_distance(query, row(r));
    double sum = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      const double difference = static_cast<double>(query[d]) - row(r)[d];
      sum += difference * difference;
    }
    return std::sqrt(sum);
  }

  /// The inner products of rows [first, first + taken) with the queries of `product`: [taken, queries].
  [[nodiscard]] tensor::Tensor products(std::size_t first, std::size_t taken,
                                        const ops::CpuOps::Linear& product) const {
    tensor::Tensor block({static_cast<std::int64_t>(taken), static_cast<std::int64_t>(dimensions)});
    std::copy_n(row(first).data(), taken * dimensions, block.data<float>());
    return ops.linear(block, product, ops::Activation::kNone);
  }

  void search(std::span<const float> queries, std::size_t k, const Apart& apart,
              std::vector<std::vector<Neighbour>>& found) const {
    const std::size_t number = queries.size() / dimensions;
    const ops::Parameter weight{"queries",
                                tensor::Shape{static_cast<std::int64_t>(number), static_cast<std::int64_t>(dimensions)},
                                tensor::DType::kF32, queries.data(), nullptr};
    const ops::CpuOps::Linear product = ops.make_linear(weight, std::nullopt, ops::Layout::kOutIn);
    std::vector<Best> best(number);
    for (std::size_t first = 0; first < count(); first += kRows) {
      const std::size_t taken = std::min(kRows, count() - first);
      const tensor::Tensor block = products(first, taken, product);
      for (std::size_t r = 0; r < taken; ++r) {
        for (std::size_t q = 0; q < number; ++q) {
          const std::pair<float, std::size_t> candidate(rank(first + r, block.data<float>()[r * number + q]),
                                                        first + r);
          if (best[q].size() == k && candidate >= best[q].top()) continue;
          if (!apart.of_rows.empty() && apart.of_rows[first + r] == apart.of_queries[q] &&
              apart.of_queries[q] != kNoGroup) {
            continue;
          }
          best[q].push(candidate);
          if (best[q].size() > k) best[q].pop();
        }
      }
    }
    for (std::size_t q = 0; q < number; ++q) {
      found.push_back(ordered(queries.subspan(q * dimensions, dimensions), best[q]));
    }
  }

  [[nodiscard]] std::vector<Neighbour> ordered(std::span<const float> query, Best& best) const {
    std::vector<Neighbour> neighbours;
    for (; !best.empty(); best.pop()) {
      const std::size_t r = best.top().second;
      neighbours.push_back({r, distance(query, r)});
    }
    std::sort(neighbours.begin(), neighbours.end(), [](const Neighbour& a, const Neighbour& b) {
      return std::pair(a.distance, a.row) < std::pair(b.distance, b.row);
    });
    return neighbours;
  }
};

Neighbours::Neighbours(std::span<const float> rows, std::size_t dimensions, Metric metric, unsigned threads) {
  if (dimensions == 0 || rows.empty() || rows.size() % dimensions != 0) {
    throw Error(Code::kBadArgument, "knn: no rows to search");
  }
  if (metric == Metric::kCosine) check_not_zero(rows, dimensions, "row");
  impl_ = std::make_unique<Impl>(rows, dimensions, metric, threads);
}

Neighbours::Neighbours(Neighbours&&) noexcept = default;
Neighbours& Neighbours::operator=(Neighbours&&) noexcept = default;
Neighbours::~Neighbours() = default;

std::vector<std::vector<Neighbour>> Neighbours::search(std::span<const float> queries, std::size_t dimensions,
                                                       std::size_t k, const Apart& apart) const {
  if (dimensions != impl_->dimensions || queries.size() % dimensions != 0) {
    throw Error(Code::kBadArgument,
                fmt::format("knn: queries of {} dimensions, the rows have {}", dimensions, impl_->dimensions));
  }
  if (k == 0) throw Error(Code::kBadArgument, "knn: k: expected at least 1, got 0");
  if (impl_->metric == Metric::kCosine) check_not_zero(queries, dimensions, "query");
  const std::size_t number = queries.size() / dimensions;
  const bool grouped = !apart.of_rows.empty() || !apart.of_queries.empty();
  if (grouped && (apart.of_rows.size() != impl_->count() || apart.of_queries.size() != number)) {
    throw Error(Code::kBadArgument, "knn: expected a group for each row and each query");
  }
  std::vector<std::vector<Neighbour>> found;
  for (std::size_t at = 0; at < number; at += kQueries) {
    const std::size_t taken = std::min(kQueries, number - at);
    const Apart block = grouped ? Apart{apart.of_rows, apart.of_queries.subspan(at, taken)} : Apart{};
    impl_->search(queries.subspan(at * dimensions, taken * dimensions), k, block, found);
  }
  return found;
}

bool is_zero(std::span<const float> vector) noexcept {
  // What the square of its length is in f32, by which ranks are divided.
  return !(inner(vector, vector) >= std::numeric_limits<float>::min());
}

double cosine_distance(std::span<const float> a, std::span<const float> b) noexcept {
  // Rounding may take a cosine past 1; nothing is nearer than at distance 0.
  return std::max(0.0, 1.0 - inner(a, b) / std::sqrt(inner(a, a) * inner(b, b)));
}

std::vector<double> vote(std::span<const Neighbour> neighbours, std::span<const std::size_t> class_of,
                         std::size_t classes, Vote how) {
  const bool any_at_zero = std::any_of(neighbours.begin(), neighbours.end(), [](auto& n) { return n.distance == 0; });
  std::vector<double> shares(classes);
  double sum = 0;
  for (const Neighbour& neighbour : neighbours) {
    double voice = 1;
    if (how == Vote::kDistance) {
      if (neighbour.distance < 0) {
        throw Error(Code::kBadArgument, "knn: inner products are no distances to weigh a vote by; cosine or euclidean");
      }
      voice = any_at_zero ? (neighbour.distance == 0 ? 1.0 : 0.0) : 1.0 / neighbour.distance;
    }
    shares[class_of[neighbour.row]] += voice;
    sum += voice;
  }
  for (double& share : shares) share = sum > 0 ? share / sum : 0.0;
  return shares;
}

}  // namespace mi2::vectors
