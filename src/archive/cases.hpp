#pragma once
// What of an archive is judged as one, and the nearest of other patients.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "archive/owners.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// What is judged as one, and by which numbers. D is the archive's dimension.
enum class Pooling : std::uint8_t {
  kImage,    ///< each image, by its vector
  kMean,     ///< each series, by the unit mean of its images; an image without a series by its own vector
  kStats7,   ///< each study of two images or more, by their mean, standard deviation (n - 1), minimum, quartiles and
             ///< maximum: [7 D], as the publisher's notebook
  kCenter20  ///< each series, by the mean of the 20 slices in its middle: [D], not of unit length
};
/// @throws Error{kBadArgument} for anything but "image", "mean", "stats7" and "center20".
Pooling parse_pooling(std::string_view name);

struct Case {
  std::vector<RowFacts> rows;
  std::uint32_t owner = 0;  ///< who it is of: owner_of(), as a small number
};

/// The study or series that a row is pooled with; 0: it is a case of its own.
Id pooled_with(const RowFacts& row, Pooling pooling);

struct Cases {
  std::vector<Case> all;    ///< by their first rows
  std::size_t too_few = 0;  ///< studies of one image, of which kStats7 says nothing
};

/// How many may be compared.
struct MostCases {
  std::string_view what;  ///< that compares them
  std::size_t count = 0;  ///< 0: any number
};

/// Rows that are judged, alone or pooled with others, in their order.
/// @param is_chosen  whether an image is wanted. A series' mean comes with any of its images: the mean itself has no
///                   path.
void each_judged(Reader& archive, Pooling pooling, const std::function<bool(const RowFacts&)>& is_chosen,
                 const std::function<void(const RowFacts&)>& use);

/// The rows of each_judged().
/// @throws Error{kTooLarge} for more than `most`, before they take memory.
Cases cases_of(Reader& archive, Pooling pooling, Numbers& owners, const std::function<bool(const RowFacts&)>& is_chosen,
               const MostCases& most = {});

/// How many images its rows are of: one has several where it was seen through several windows.
std::size_t images_in(const Case& one);

/// @throws Error{kTooLarge} for more than `most`.
void check_count(std::size_t count, const MostCases& most);

struct Neighbour {
  double away = 0;  ///< Euclidean distance
  std::size_t of_reference = 0;
};
/// The nearest first; fewer than k if the reference has no more.
using Neighbours = std::vector<Neighbour>;

struct NearestOptions {
  std::size_t k = 1;
  bool one_per_owner = false;  ///< of each other owner only the nearest counts
  base::OnProgress on_progress;
  std::stop_token stop;
};

/// Of each case that is asked the k nearest of the reference that are of other owners, by the archive's exact search.
/// @param reference,asked  of kImage or kMean: of a row each.
/// @throws as Reader::row(), scan::Scan::search().
std::vector<Neighbours> nearest_cases(Reader& archive, std::span<const Case> reference, std::span<const Case> asked,
                                      const NearestOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive
