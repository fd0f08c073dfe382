#include "dataset/plan.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dataset/augment/random.hpp"
#include "dataset/streams.hpp"

namespace mi2::dataset {

BatchPlan::BatchPlan(std::size_t records, const PlanOptions& options) : records_(records), options_(options) {
  constexpr std::size_t kMaxBatch = std::size_t{1} << 20;
  if (options.batch < 1 || options.batch > kMaxBatch) {
    throw Error(Code::kBadArgument, fmt::format("batch: expected 1 to {1}, got {0}", options.batch, kMaxBatch));
  }
  if (options.world < 1 || options.rank < 0 || options.rank >= options.world) {
    throw Error(Code::kBadArgument, fmt::format("process {} of {}", options.rank, options.world));
  }
  if (options.training && options.shares && options.shares->size() != records) {
    throw Error(Code::kBadArgument, fmt::format("{} shares for {} records", options.shares->size(), records));
  }
  const std::size_t global = options.batch * static_cast<std::size_t>(options.world);
  if (options.training) {
    batches_ = records / global;
    if (batches_ == 0) {
      throw Error(Code::kBadArgument, fmt::format("{} records are too few for one batch of {} ({} processes of {})",
                                                  records, global, options.world, options.batch));
    }
    return;
  }
  const std::size_t before = options.batch * static_cast<std::size_t>(options.rank);
  batches_ = records > before ? (records - before + global - 1) / global : 0;
}

BatchPlan::Share BatchPlan::share(std::uint64_t batch) const noexcept {
  const auto world = static_cast<std::size_t>(options_.world);
  const auto rank = static_cast<std::size_t>(options_.rank);
  const std::size_t first = (static_cast<std::size_t>(batch) * world + rank) * options_.batch;
  return {first, std::min(options_.batch, records_ - first)};
}

std::shared_ptr<const std::vector<std::uint32_t>> BatchPlan::order(std::uint64_t epoch) const {
  auto order = std::make_shared<std::vector<std::uint32_t>>(records_);
  std::iota(order->begin(), order->end(), 0U);
  if (!options_.training) return order;
  Random random({options_.seed, epoch, 0, kShuffleStream});
  // Fisher and Yates.
  const auto shuffle = [&] {
    for (std::size_t i = order->size(); i > 1; --i) std::swap((*order)[i - 1], (*order)[random.below(i)]);
  };
  shuffle();
  if (!options_.shares) return order;
  draw_by_shares(*order, random.uniform());
  shuffle();
  return order;
}

void BatchPlan::draw_by_shares(std::vector<std::uint32_t>& order, double start) const {
  const std::vector<double>& shares = *options_.shares;
  double all = 0;
  for (const std::uint32_t record : order) all += shares[record];
  // Even steps through the records' shares, laid end to end. Source: systematic sampling, Madow, 1949.
  std::vector<std::uint32_t> drawn;
  drawn.reserve(order.size());
  const double step = all / static_cast<double>(order.size());
  double up_to = 0;
  std::size_t at = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const double wanted = (static_cast<double>(place) + start) * step;
    while (at + 1 < order.size() && up_to + shares[order[at]] <= wanted) up_to += shares[order[at++]];
    drawn.push_back(order[at]);
  }
  order = std::move(drawn);
}

std::optional<Position> BatchPlan::after(Position position) const noexcept {
  if (position.batch + 1 < batches_) return Position{position.epoch, position.batch + 1};
  if (!options_.training) return std::nullopt;
  return Position{position.epoch + 1, 0};
}

}  // namespace mi2::dataset
