#include "train/trainer/step.hpp"

#include <cmath>
#include <limits>

#include <ATen/Context.h>
#include <fmt/format.h>

#include "train/trainer/contrast.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

/// Steps in a row without a finite loss or gradient before a run gives up.
constexpr std::int64_t kPatience = 10;

}  // namespace

void Steps::take(const NextBatch& next) {
  session_.gradients->clear();
  take_gradients(next);
  session_.gradients->finish();
  norm_ = session_.gradients->norm();
  // AdamW keeps squares in f32: what does not fit there would stay infinite for ever.
  if (std::isfinite(loss_) && norm_ * norm_ < double{std::numeric_limits<float>::max()}) {
    update();
  } else {
    skip();
  }
}

/// Gradients of a step's images, added up, and its loss.
void Steps::take_gradients(const NextBatch& next) {
  // Random numbers of dropout are a function of seed, step and process, so that a resumed run draws the same.
  const auto seed = session_.config.seed * 0x9E3779B97F4A7C15ULL +
                    static_cast<std::uint64_t>(session_.state.step) * 1024 +
                    static_cast<std::uint64_t>(session_.processes->rank());
  const Contrast contrast(*session_.model, *session_.tokens, *session_.processes, session_.device, session_.dtype);
  if (session_.pieces > 1) {
    loss_ = contrast.backward_in_pieces(next(), session_.pieces, seed, [&] { session_.gradients->sum_when_ready(); });
    return;
  }
  at::manual_seed(seed);
  loss_ = 0;
  for (std::int64_t pass = 0; pass < session_.accumulation; ++pass) {
    const at::Tensor loss = contrast.loss(next());
    loss_ += loss.item<double>() / static_cast<double>(session_.accumulation);
    if (pass + 1 == session_.accumulation) session_.gradients->sum_when_ready();
    (loss / static_cast<double>(session_.accumulation)).backward();
  }
}

void Steps::update() {
  const double limit = session_.config.optimizer.clip_norm;
  if (limit > 0 && norm_ > limit) session_.gradients->scale(limit / (norm_ + 1e-6));
  const std::int64_t step = session_.state.step;
  const std::lock_guard lock(changing_);
  session_.optimizer->step([&](double scale) { return session_.schedule->learning_rate(step, scale); });
  if (session_.averages) session_.averages->update(step - session_.state.skipped);
  ++session_.state.step;
  skipped_in_a_row_ = 0;
}

/// A step whose loss or gradient is not finite would spoil every weight.
void Steps::skip() {
  ++session_.state.skipped;
  ++skipped_in_a_row_;
  notes_.add(fmt::format("step {}: loss {}, gradient {}: not finite, so the step is left out", session_.state.step + 1,
                         loss_, norm_));
  ++session_.state.step;
  if (skipped_in_a_row_ < kPatience) return;
  throw Error(Code::kBadArgument,
              fmt::format("training: {} steps in a row without a finite loss; a lower START_LEARNING_RATE, a longer "
                          "warm-up or GRADIENT_CLIPPING may help",
                          kPatience));
}

}  // namespace mi2::train
