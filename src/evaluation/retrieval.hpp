#pragma once
// What a ranking of items is worth, where it is known which of them a query means.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mi2::evaluation {

/// One query's items, best first. `relevant` is of the ranked items, 0 or 1; `all` counts relevant items, those that
/// are not ranked too. A figure is nothing where there is no relevant item.
/// The share of the first k that is relevant; items that are not there are not relevant. @param k  above 0.
double precision_at(std::span<const std::uint8_t> relevant, std::size_t k);
/// The share of relevant items among the first k.
std::optional<double> recall_at(std::span<const std::uint8_t> relevant, std::size_t all, std::size_t k);
/// The mean of precision_at the place of each relevant item; 0 of one that is not ranked.
std::optional<double> average_precision(std::span<const std::uint8_t> relevant, std::size_t all);
/// Discounted gain of the first k, over the best that could be. Source: Jarvelin and Kekalainen, ACM TOIS 2002;
/// equal to scikit-learn's ndcg_score where no scores are tied.
std::optional<double> ndcg_at(std::span<const std::uint8_t> relevant, std::size_t all, std::size_t k);

}  // namespace mi2::evaluation
