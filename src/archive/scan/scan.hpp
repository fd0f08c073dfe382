#pragma once
// Exact search among unit vectors under any filter: every allowed row is looked at through its codes (codes.hpp), and
// those that may be among the best are computed again from the rows themselves, until no row left can be better.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "archive/scan/bitmap.hpp"
#include "archive/scan/codes.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive::scan {

/// Rows that lie together, as a rule a mapped file. Row numbers run on from one segment to the next.
struct Segment {
  const float* rows = nullptr;         ///< [codes->rows(), dimensions], f32 unit vectors; outlives the Scan
  std::shared_ptr<const Codes> codes;  ///< of these rows
};

/// What is searched, for all queries of a call. Everything it points to outlives the call.
struct Scope {
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  /// Only the first so many rows are looked at: a snapshot.
  std::size_t rows = kAll;
  /// Rows that a filter lets by, a bit for each row that is looked at; null: no filter.
  const Bitmap* allowed = nullptr;
  /// Rows that were deleted, a bit for each row that is looked at; null: none.
  const Bitmap* deleted = nullptr;
  /// The group of each row, of which a hit is the best row; empty: each row is a group of its own, with its number.
  std::span<const std::uint32_t> groups;
  /// The owner of each row (its patient), for Query::excluded_owners; may be empty if no query excludes any.
  std::span<const std::uint32_t> owners;
};

struct Query {
  std::vector<float> vector;                   ///< [dimensions], of unit length: see combine()
  std::size_t k = 10;                          ///< groups to find
  std::vector<std::uint32_t> excluded_owners;  ///< whose rows are never hits, in any order
};

struct Hit {
  std::uint32_t row = 0;
  std::uint32_t group = 0;
  double score = 0;  ///< inner product with the query, summed in f64
};

/// Where each row that was looked at went; the four add up to their number. A row is counted for the first of deleted,
/// filter and owner that keeps it out.
struct Counts {
  std::size_t searched = 0;
  std::size_t excluded_deleted = 0;
  std::size_t excluded_filter = 0;
  std::size_t excluded_owner = 0;
};

struct Answer {
  /// The k best groups, each by its best row; of equal scores the lower row number comes first. Fewer if there are
  /// fewer groups among the searched rows.
  std::vector<Hit> hits;
  Counts counts;
  bool exact = true;         ///< proven: no searched row that is not in `hits` belongs there
  std::size_t reranked = 0;  ///< rows that were computed in f32; the same whatever the number of threads
};

/// One part of a combined query.
struct Part {
  std::span<const float> vector;  ///< [dimensions], any length but 0
  double weight = 1;              ///< negative to look away from it
};

/// The unit vector along the weighted sum of the parts' directions.
/// @throws Error{kBadArgument} for no part, vectors of different dimensions, a part or weight that is not finite, a
/// zero
///         vector, or parts that cancel out (the sum shorter than 1e-3 of the sum of the weights' magnitudes).
std::vector<float> combine(std::span<const Part> parts);

/// The inner product as Hit::score has it: the same bits on every machine. @param a,b  of the same length.
double inner_product(std::span<const float> a, std::span<const float> b);

/// Immutable: any number of threads may search at once, each with a pool of its own.
class Scan {
 public:
  /// @throws Error{kBadArgument} for a segment without codes or of other dimensions than the first; {kTooLarge} for
  ///         2^32 rows or more.
  explicit Scan(std::vector<Segment> segments);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  /// 0 without segments.
  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  /// [dimensions]. @param row  below rows().
  [[nodiscard]] std::span<const float> row(std::size_t row) const;

  /// An answer for each query. The answers depend on the arguments alone, not on the number of threads, and an answer
  /// not on the other queries. The owner of mapped rows calls their check() afterwards: a file that is cut meanwhile
  /// reads as zeros.
  /// @throws Error{kBadArgument} for a query of other dimensions, that is not a finite unit vector, or with k = 0; for
  ///         bitmaps, groups or owners of fewer rows than are looked at; {kBadFile} if codes turn out not to be of
  ///         their rows; {kInternal} if stopped.
  [[nodiscard]] std::vector<Answer> search(std::span<const Query> queries, const Scope& scope, base::ThreadPool& pool,
                                           std::stop_token stop = {}) const;

 private:
  std::vector<Segment> segments_;
  std::vector<std::size_t> first_row_;  ///< of each segment
  std::size_t rows_ = 0;
  std::size_t dimensions_ = 0;
};

}  // namespace mi2::archive::scan
