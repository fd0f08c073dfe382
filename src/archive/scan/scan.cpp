#include "archive/scan/scan.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/scan/scorer.hpp"
#include "archive/scan/search.hpp"

namespace mi2::archive::scan {
namespace {

void check_query(const Query& query, std::size_t dimensions) {
  if (query.k == 0) throw Error(Code::kBadArgument, "search: k: expected at least 1, got 0");
  if (query.vector.size() != dimensions) {
    throw Error(Code::kBadArgument, fmt::format("search: expected a query of {} dimensions, as the rows have, got {}",
                                                dimensions, query.vector.size()));
  }
  const double length = std::sqrt(inner_product(query.vector, query.vector));
  if (!(std::abs(length - 1) <= kUnitTolerance)) {  // NaN is no length either
    throw Error(Code::kBadArgument, "search: expected a query that is a finite vector of length 1");
  }
}

void check_scope(const Scope& scope, std::span<const Query> queries, std::size_t rows) {
  const auto need = [&](std::size_t got, std::string_view what) {
    if (got >= rows) return;
    throw Error(Code::kBadArgument,
                fmt::format("search: {}: expected one for each of {} rows, got {}", what, rows, got));
  };
  if (scope.allowed != nullptr) need(scope.allowed->size(), "allowed rows");
  if (scope.deleted != nullptr) need(scope.deleted->size(), "deleted rows");
  if (!scope.groups.empty()) need(scope.groups.size(), "groups");
  const bool excludes = std::any_of(queries.begin(), queries.end(), [](auto& q) { return !q.excluded_owners.empty(); });
  if (excludes) need(scope.owners.size(), "owners");
}

}  // namespace

double inner_product(std::span<const float> a, std::span<const float> b) {
  // Sixteen sums, added in an order that is written here: no compiler and no instruction set changes a bit. A product
  // of two floats is exact in f64.
  constexpr std::size_t kSums = 16;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= a.size(); i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) sums[j] += static_cast<double>(a[i + j]) * b[i + j];
  }
  for (std::size_t j = 0; i + j < a.size(); ++j) sums[j] += static_cast<double>(a[i + j]) * b[i + j];
  for (std::size_t half = kSums / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

std::vector<float> combine(std::span<const Part> parts) {
  if (parts.empty()) throw Error(Code::kBadArgument, "query: expected at least one part");
  std::vector<double> sum(parts.front().vector.size());
  double weights = 0;
  for (const Part& part : parts) {
    if (part.vector.size() != sum.size()) {
      throw Error(Code::kBadArgument,
                  fmt::format("query: expected parts of {} dimensions, got one of {}", sum.size(), part.vector.size()));
    }
    const double length = std::sqrt(inner_product(part.vector, part.vector));
    if (!std::isfinite(length) || length == 0 || !std::isfinite(part.weight)) {
      throw Error(Code::kBadArgument, "query: expected finite parts and weights, and no zero vector");
    }
    weights += std::abs(part.weight);
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += part.weight * (part.vector[d] / length);
  }
  double squares = 0;
  for (const double value : sum) squares += value * value;
  const double length = std::sqrt(squares);
  if (!std::isfinite(length) || !(length > 1e-3 * weights)) {
    throw Error(Code::kBadArgument, "query: the parts cancel each other out");
  }
  std::vector<float> unit;
  for (const double value : sum) unit.push_back(static_cast<float>(value / length));
  return unit;
}

Scan::Scan(std::vector<Segment> segments) : segments_(std::move(segments)) {
  for (const Segment& segment : segments_) {
    if (segment.codes == nullptr) throw Error(Code::kBadArgument, "search: a segment has no codes");
    if (dimensions_ == 0) dimensions_ = segment.codes->dimensions();
    if (segment.codes->dimensions() != dimensions_) {
      throw Error(Code::kBadArgument, fmt::format("search: expected segments of {} dimensions, got one of {}",
                                                  dimensions_, segment.codes->dimensions()));
    }
    first_row_.push_back(rows_);
    rows_ += segment.codes->rows();
  }
  if (rows_ > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Code::kTooLarge, fmt::format("search: {} rows, expected fewer than 2^32", rows_));
  }
}

std::span<const float> Scan::row(std::size_t row) const {
  const auto after = std::upper_bound(first_row_.begin(), first_row_.end(), row);
  const auto segment = static_cast<std::size_t>(after - first_row_.begin()) - 1;
  return {segments_[segment].rows + (row - first_row_[segment]) * dimensions_, dimensions_};
}

std::vector<Answer> Scan::search(std::span<const Query> queries, const Scope& scope, base::ThreadPool& pool,
                                 std::stop_token stop) const {
  const std::size_t rows = std::min(scope.rows, rows_);
  for (const Query& query : queries) check_query(query, segments_.empty() ? query.vector.size() : dimensions_);
  check_scope(scope, queries, rows);
  std::vector<Answer> answers;
  if (rows == 0) {
    answers.resize(queries.size());
    return answers;
  }
  const std::size_t batches = (queries.size() + Scorer::kMostQueries - 1) / Scorer::kMostQueries;
  for (std::size_t batch = 0; batch < batches; ++batch) {
    const std::size_t first = queries.size() * batch / batches;
    const std::size_t last = queries.size() * (batch + 1) / batches;
    std::vector<Answer> some =
        Search(*this, segments_, queries.subspan(first, last - first), scope, rows, pool, stop).run();
    std::move(some.begin(), some.end(), std::back_inserter(answers));
  }
  for (const Segment& segment : segments_) segment.codes->check();
  return answers;
}

}  // namespace mi2::archive::scan
