#pragma once
// Whether two archives of the same images find the same neighbours: what another model, dtype or profile changes.

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

struct OverlapOptions {
  std::size_t k = 10;        ///< neighbours, each an image of another patient
  std::size_t sample = 500;  ///< images whose neighbours are compared; 0: none
  std::uint64_t seed = 1;    ///< of the sample
  base::OnProgress on_progress;
  std::stop_token stop;
};

/// Of some images.
struct OverlapShare {
  std::string modality;    ///< empty: they have none
  std::size_t images = 0;  ///< that were compared
  double mean = 0;         ///< of the shares of neighbours that both archives find, 0 to 1
};

struct Overlap {
  std::size_t first = 0;   ///< live images of the first archive
  std::size_t second = 0;  ///< of the second
  std::size_t both = 0;    ///< images that both have: the same frame of the same bytes
  std::size_t k = 0;
  std::uint64_t seed = 0;
  OverlapShare all;
  std::vector<OverlapShare> by_modality;  ///< the most images first, then by name
  std::size_t alone = 0;                  ///< of the sample, images without one of another patient
  std::int64_t first_snapshot = 0;
  std::int64_t second_snapshot = 0;
};

/// Only images that both have are neighbours, by the exact search of either archive. Patients are those of the first.
/// @throws Error{kBadFile} for damage; {kInternal} if stopped.
Overlap compare_neighbours(Reader& first, Reader& second, const OverlapOptions& options, base::ThreadPool& pool);

/// An object's members: "first", "second", "in_both", "neighbours".
std::string overlap_json(const Reader& first, const Reader& second, const Overlap& overlap);

}  // namespace mi2::archive
