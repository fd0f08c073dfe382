#pragma once
// Decoded images of a data set: decoded once while memory for them lasts, broken ones reported once.

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "dataset/dataset.hpp"
#include "embedder/preparer.hpp"
#include "image/resize.hpp"

namespace mi2::dataset {

/// Safe to use from several threads.
class Images {
 public:
  using OnBroken = std::function<void(const BrokenRecord&)>;

  /// @param cache_bytes  of decoded images to keep. The first that come stay: every epoch reads all of them, so that
  ///                     any other choice keeps no more.
  /// @param on_broken    called once for each image found broken, one call at a time, from any thread.
  /// @throws Error{kBadArgument} for image options that make no sense.
  Images(std::shared_ptr<const Dataset> dataset, const ImageOptions& options, std::size_t cache_bytes,
         OnBroken on_broken = {});

  [[nodiscard]] const Dataset& dataset() const noexcept { return *dataset_; }

  /// Grey or RGB in its own size [h, w, 1 or 3]; nothing if the record is broken, which is then in broken().
  /// @throws Error{kInternal} for a defect or a failing machine, which says nothing about the record.
  [[nodiscard]] std::shared_ptr<const image::Raster> get(std::size_t record) const;

  /// Images found broken so far.
  [[nodiscard]] std::vector<BrokenRecord> broken() const;

 private:
  [[nodiscard]] std::shared_ptr<const image::Raster> decode(std::size_t record) const;

  std::shared_ptr<const Dataset> dataset_;
  embedder::Preparer preparer_;
  std::size_t cache_bytes_;
  OnBroken on_broken_;

  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const image::Raster>> kept_;  ///< by record
  mutable std::size_t kept_bytes_ = 0;
  mutable std::unordered_map<std::size_t, BrokenRecord> broken_;
};

}  // namespace mi2::dataset
