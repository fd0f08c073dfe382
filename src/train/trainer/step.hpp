#pragma once
// One step of training: the gradients of its images, and what they do to the weights.

#include <cstdint>
#include <functional>
#include <mutex>

#include "dataset/loader.hpp"
#include "train/trainer/session.hpp"

namespace mi2::train {

/// Takes the steps of a session, one after the other. Keeps references to all it is given.
class Steps {
 public:
  using NextBatch = std::function<dataset::Batch()>;

  /// @param changing  held while a step changes the weights.
  Steps(Session& session, Notes& notes, std::mutex& changing) : session_(session), notes_(notes), changing_(changing) {}

  /// The next step. One whose loss or gradient is not finite is left out, with a note.
  /// @throws Error{kBadArgument} if too many in a row are left out; what `next` throws.
  void take(const NextBatch& next);

  [[nodiscard]] double loss() const noexcept { return loss_; }  ///< of the last step
  [[nodiscard]] double gradient_norm() const noexcept { return norm_; }
  /// Whether the last step was left out.
  [[nodiscard]] bool left_out() const noexcept { return skipped_in_a_row_ > 0; }

 private:
  void take_gradients(const NextBatch& next);
  void update();
  void skip();

  Session& session_;
  Notes& notes_;
  std::mutex& changing_;
  double loss_ = 0;
  double norm_ = 0;
  std::int64_t skipped_in_a_row_ = 0;
};

}  // namespace mi2::train
