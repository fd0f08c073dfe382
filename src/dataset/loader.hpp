#pragma once
// Batches, made ready ahead of the trainer by threads of their own.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataset/augment/augmenter.hpp"
#include "dataset/augment/mixup.hpp"
#include "dataset/images.hpp"
#include "dataset/plan.hpp"
#include "tensor/tensor.hpp"

namespace mi2::dataset {

struct LoaderOptions : PlanOptions {
  InputFormat format;
  AugmentOptions augment;  ///< in training only
  unsigned threads = 0;    ///< 0: one per available core
  unsigned prefetch = 2;   ///< batches made ready ahead; at least 1
};

struct Batch {
  Position position;
  tensor::Tensor pixels;              ///< f32 [B, H, W, 3], normalised (and mixed, see mixup)
  std::vector<std::string> texts;     ///< B
  std::vector<std::int64_t> classes;  ///< B
  std::vector<std::size_t> records;   ///< B, of the data set
  std::optional<Mixup> mixup;         ///< how pixels were mixed; texts and classes are those of the first of each pair
};

/// In training, a broken record's place is taken by the next good one of the epoch's order, so that batches keep their
/// size; else it is left out, so that nothing is counted twice. The same numbers whatever the threads: everything
/// random depends on seed, epoch and place alone.
class Loader {
 public:
  /// @param start  the first position that next() gives; in training, to resume: BatchPlan::after of the last one.
  /// @throws Error{kBadArgument} for options out of range, or training with fewer records than a global batch.
  Loader(std::shared_ptr<const Images> images, const LoaderOptions& options, Position start = {});
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader();

  [[nodiscard]] const BatchPlan& plan() const noexcept;

  /// The next batch; waits for it. Training never ends; an evaluation ends with nothing after one pass. Call from one
  /// thread.
  /// @throws Error{kBadFile} if every record is broken; what a thread of the loader threw. Nothing comes after that.
  std::optional<Batch> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::dataset
