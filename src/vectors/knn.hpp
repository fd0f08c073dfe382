#pragma once
// k nearest neighbours: exact search among labelled embeddings, and a vote of those found.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::vectors {

/// What "near" means; a distance is smaller the nearer.
enum class Metric : std::uint8_t {
  kCosine,     ///< 1 - the cosine of the angle
  kEuclidean,  ///< length of the difference
  kDot,        ///< minus the inner product
};
/// "cosine", "euclidean" or "dot". @throws Error{kBadArgument} for another.
Metric parse_metric(std::string_view name);

enum class Vote : std::uint8_t {
  kMajority,  ///< one voice each
  kDistance,  ///< 1 / distance each; those at distance 0 count alone
};
/// "majority" or "distance". @throws Error{kBadArgument} for another.
Vote parse_vote(std::string_view name);

struct Neighbour {
  std::size_t row = 0;
  double distance = 0;
};

/// Of no group: apart from every other.
inline constexpr std::size_t kNoGroup = std::numeric_limits<std::size_t>::max();
/// What a query must not find: the rows of its own group. Both empty: it may find every row.
struct Apart {
  std::span<const std::size_t> of_rows;     ///< [rows], or kNoGroup
  std::span<const std::size_t> of_queries;  ///< [queries], or kNoGroup
};

/// All rows are compared with every query: a blocked matrix product on the model's own CPU engine, in f32. The
/// distances of those found are then computed again in f64; which of two rows nearer than some 1e-6 to each other comes
/// k-th is left to the rounding of f32.
class Neighbours {
 public:
  /// @param rows  [count, dimensions]; copied. @param threads  0: one per available core.
  /// @throws Error{kBadArgument} for no row, or a zero vector with kCosine.
  Neighbours(std::span<const float> rows, std::size_t dimensions, Metric metric, unsigned threads = 0);
  Neighbours(Neighbours&&) noexcept;
  Neighbours& operator=(Neighbours&&) noexcept;
  ~Neighbours();

  /// The k nearest rows of each query, nearest first, of equally near the first; all rows if there are fewer, which
  /// may be none where rows are kept apart.
  /// @param queries  [count, dimensions].
  /// @throws Error{kBadArgument} for another number of dimensions, k = 0, a zero vector with kCosine, or groups of
  ///         another number of rows or queries.
  [[nodiscard]] std::vector<std::vector<Neighbour>> search(std::span<const float> queries, std::size_t dimensions,
                                                           std::size_t k, const Apart& apart = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Whether the vector points nowhere: zero, or as good as that in f32.
bool is_zero(std::span<const float> vector) noexcept;
/// Of two vectors of one length that are not zero.
double cosine_distance(std::span<const float> a, std::span<const float> b) noexcept;

/// The share of the vote of each class, [classes]; sums to 1, or is 0 all over where there is no neighbour.
/// @param class_of  of each row that was searched. @throws Error{kBadArgument} for kDistance with a negative distance,
///                  which Metric::kDot gives.
std::vector<double> vote(std::span<const Neighbour> neighbours, std::span<const std::size_t> class_of,
                         std::size_t classes, Vote how);

}  // namespace mi2::vectors
