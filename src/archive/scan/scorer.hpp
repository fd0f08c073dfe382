#pragma once
// Scores of a block's rows by their codes, for all queries of a batch: a few in one pass each over the block, many as a
// matrix product on the engine's own kernels.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "archive/scan/block_rows.hpp"
#include "archive/scan/dots.hpp"
#include "archive/scan/query_codes.hpp"
#include "ops/cpu/isa.hpp"

namespace mi2::archive::scan {

class Scorer {
 public:
  /// Queries of a batch: what they take is in the second level of the cache beside a block.
  static constexpr std::size_t kMostQueries = 112;

  /// @param queries  at most kMostQueries, with digits of `stride`.
  Scorer(std::vector<QueryCodes> queries, std::size_t stride, ops::cpu::Isa isa);
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return queries_.size(); }

  /// visit(query, i, score, slack) for each of `rows` whose score + slack is at least the query's floor, which visit
  /// may raise meanwhile.
  /// @param floors  [size()].
  template <typename Visit>
  void each(const BlockRows& rows, float* floors, const Visit& visit) const {
    if (rows.count == 0) return;
    if (panels_.empty()) {
      for (std::size_t q = 0; q < size(); ++q) each_of_one(rows, q, floors, visit);
    } else {
      each_of_many(rows, floors, visit);
    }
  }

 private:
  /// What a part of a block comes out as.
  struct Part {
    /// [count, stride]: of the high digits of each query, and low_at_ further on of the low ones.
    const float* scores = nullptr;
    std::size_t stride = 0;
    std::size_t count = 0;
  };

  /// scores[i] of one query for all rows.
  void score_one(const BlockRows& rows, std::size_t query, float* scores) const;
  /// Whether the matrix product takes codes from where they lie; else each byte is spread to 16 bits first.
  [[nodiscard]] bool takes_codes() const noexcept;
  /// Bytes from row to row of what gather() makes.
  [[nodiscard]] std::size_t left_stride() const noexcept;
  /// Rows [at, at + count) as a matrix product's left side, up to whole tiles, at `to`, which it returns.
  const std::byte* gather(const BlockRows& rows, std::size_t at, std::size_t count, std::byte* to) const;
  /// The scores of rows [at, at + Part::count) by all queries, in this thread's own memory until the next call.
  [[nodiscard]] Part score_many(const BlockRows& rows, std::size_t at) const;

  template <typename Visit>
  void each_of_one(const BlockRows& rows, std::size_t q, float* floors, const Visit& visit) const {
    float scores[kBlockRows];
    score_one(rows, q, scores);
    const float slope = queries_[q].slope;
    const float offset = queries_[q].offset;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const float slack = slope * rows.residual[i] + offset;
      if (scores[i] + slack >= floors[q]) visit(q, i, scores[i], slack);
    }
  }

  template <typename Visit>
  void each_of_many(const BlockRows& rows, float* floors, const Visit& visit) const {
    for (std::size_t at = 0; at < rows.count;) {
      const Part part = score_many(rows, at);
      for (std::size_t i = 0; i < part.count; ++i) {
        each_in_row(part.scores + i * part.stride, rows.residual[at + i], floors,
                    [&](std::size_t q, float score, float slack) { visit(q, at + i, score, slack); });
      }
      at += part.count;
    }
  }

  template <typename Use>
  void each_in_row(const float* high, float residual, const float* floors, const Use& use) const {
    // Some at a time, most of which have none that is wanted.
    constexpr std::size_t kAtOnce = 16;
    const float* low = high + low_at_;
    for (std::size_t first = 0; first < size(); first += kAtOnce) {
      const std::size_t last = std::min(first + kAtOnce, size());
      int any = 0;
      for (std::size_t q = first; q < last; ++q) {
        any |= static_cast<int>(high[q] + low[q] + (slopes_[q] * residual + offsets_[q]) >= floors[q]);
      }
      if (any == 0) continue;
      for (std::size_t q = first; q < last; ++q) {
        const float score = high[q] + low[q];
        const float slack = slopes_[q] * residual + offsets_[q];
        if (score + slack >= floors[q]) use(q, score, slack);
      }
    }
  }

  void pack_panels();

  std::vector<QueryCodes> queries_;
  std::size_t stride_;
  Dots dots_;
  const ops::cpu::Kernels& kernels_;
  const ops::cpu::ProductKernel& kernel_;
  // For a matrix product: the digits of all queries as columns, the high ones first.
  std::size_t low_at_ = 0;                  ///< column of the first low digit
  std::vector<std::byte> panels_;           ///< empty: the queries are few
  const std::byte* first_panel_ = nullptr;  ///< in panels_, aligned
  std::vector<float> column_scale_;
  std::vector<std::int32_t> column_sum_;
  std::vector<float> slopes_;
  std::vector<float> offsets_;
};

}  // namespace mi2::archive::scan
