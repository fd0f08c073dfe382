#include "train/trainer/batch_size.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "base/memory.hpp"
#include "base/process.hpp"
#include "models/torch/inference.hpp"
#include "train/trainer/contrast.hpp"
#include "train/trainer/session.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

constexpr const char* kChosen = "images per forward pass";  ///< in the run's record, beside the keys
/// Of the memory that is there, what a pass may take: the rest is for longer texts and what else the run does.
constexpr double kShare = 0.8;

/// The first images of a batch, as they are.
dataset::Batch first_of(const dataset::Batch& batch, std::int64_t count) {
  const tensor::Shape& shape = batch.pixels.shape();
  dataset::Batch part;
  part.pixels = tensor::Tensor({count, shape[1], shape[2], shape[3]});
  std::copy_n(batch.pixels.data<float>(), part.pixels.floats().size(), part.pixels.data<float>());
  part.texts.assign(batch.texts.begin(), batch.texts.begin() + count);
  part.classes.assign(batch.classes.begin(), batch.classes.begin() + count);
  return part;
}

std::uint64_t bytes_of_state(const Optimizer& optimizer) {
  std::uint64_t bytes = 0;
  for (const NamedTensor& tensor : optimizer.state()) bytes += tensor.value.nbytes();
  return bytes;
}

/// Passes of the session's model, as a step has them, without other processes, whose memory may not suffice.
class Trials {
 public:
  Trials(Session& session, const dataset::Batch& batch)
      : session_(session),
        batch_(batch),
        alone_(single_process()),
        contrast_(*session.model, *session.tokens, *alone_, session.device, session.dtype) {}

  void pass(std::int64_t images) {
    contrast_.loss(first_of(batch_, images)).backward();
    session_.gradients->clear();
  }

  /// Whether the memory suffices: of the CPU only where a limit of the process makes an allocation fail.
  bool passes(std::int64_t images) {
    try {
      pass(images);
      return true;
    } catch (const c10::Error& error) {
      if (!ran_out(error)) throw;
      session_.gradients->clear();
      models::give_back_memory(session_.device);
      return false;
    }
  }

 private:
  static bool ran_out(const c10::Error& error) {
    return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
           std::string_view(error.what_without_backtrace()).find("DefaultCPUAllocator") != std::string_view::npos;
  }

  Session& session_;
  const dataset::Batch& batch_;
  std::unique_ptr<Processes> alone_;
  Contrast contrast_;
};

/// This process's part of what is there, and what it holds.
MemoryTrials trials_of(Session& session) {
  const std::optional<std::uint64_t> available = base::available_memory();
  // All have looked before any of them takes some.
  static_cast<void>(session.processes->any(false));
  if (!available) {
    throw Error(Code::kUnsupported,
                "TRAIN.BATCH_SIZE_PER_GPU: auto: this system does not say how much memory there is; expected a number");
  }
  const unsigned sharing = base::count_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1);
  // Moments take their memory with the first update, which no trial has.
  const std::uint64_t later = bytes_of_state(*session.optimizer);
  const std::uint64_t mine = *available / sharing;
  const std::uint64_t now = base::resident_memory().now;
  return {now, now + static_cast<std::uint64_t>(kShare * static_cast<double>(mine - std::min(later, mine)))};
}

std::string mebibytes(double bytes) { return fmt::format("{:.0f} MiB", bytes / (1 << 20)); }

}  // namespace

std::int64_t largest_that_fits(std::int64_t images, const std::function<bool(std::int64_t)>& fits) {
  std::int64_t largest = 0;
  for (std::int64_t count = 1; count <= images; ++count) {
    if (images % count != 0) continue;
    if (!fits(count)) break;
    largest = count;
  }
  return largest;
}

double MemoryTrials::predicted(std::int64_t images) const {
  if (images_ == 0) return start_;
  return start_ + std::max(0.0, peak_ - start_) * static_cast<double>(images) / static_cast<double>(images_);
}

bool MemoryTrials::fits(std::int64_t images, const std::function<std::uint64_t(std::int64_t)>& peak) {
  if (predicted(images) > limit_) return false;
  const auto found = static_cast<double>(peak(images));
  if (found > limit_) return false;
  peak_ = found;
  images_ = images;
  return true;
}

void Session::set_images_per_pass(std::int64_t images_per_pass) {
  pieces = static_cast<std::int64_t>(loader.batch) / images_per_pass;
  config.batch.per_device = images_per_pass;
  config.batch.automatic = false;
  record.settings[kChosen] = fmt::to_string(images_per_pass);
}

void Session::adopt_batch(const RunRecord& before, Notes& notes) {
  const auto found = before.settings.find(kChosen);
  if (!config.batch.automatic || found == before.settings.end()) return;
  const std::string& text = found->second;
  std::int64_t images_per_pass = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), images_per_pass);
  const auto all = static_cast<std::int64_t>(loader.batch);
  const bool divides = error == std::errc() && end == text.data() + text.size() && images_per_pass > 0 &&
                       images_per_pass <= all && all % images_per_pass == 0;
  // Of another number of processes it may not divide a process's share: then it is chosen again.
  if (!divides) return;
  set_images_per_pass(images_per_pass);
  notes.add(fmt::format("TRAIN.BATCH_SIZE_PER_GPU: auto: {} images per forward pass, as before", images_per_pass));
}

void Session::choose_batch(Notes& notes) {
  dataset::Loader batches_ahead(images, loader, position_after(state.step));
  const dataset::Batch batch = batches_ahead.next().value();
  const auto all = static_cast<std::int64_t>(loader.batch);
  Trials trials(*this, batch);
  std::string why;
  std::int64_t chosen = 0;
  if (!device.is_cpu()) {
    chosen = largest_that_fits(all, [&](std::int64_t count) { return !processes->any(!trials.passes(count)); });
    models::give_back_memory(device);
  } else if (!processes->any(
                 !trials.passes(1))) {  // what only the first pass needs is there before anything is measured
    MemoryTrials memory = trials_of(*this);
    const auto peak = [&](std::int64_t count) {
      return trials.passes(count) ? base::resident_memory().peak : std::numeric_limits<std::uint64_t>::max();
    };
    chosen = largest_that_fits(all, [&](std::int64_t count) { return !processes->any(!memory.fits(count, peak)); });
    why = fmt::format(", with {} of the {} that there may be",
                      mebibytes(memory.predicted(std::max<std::int64_t>(chosen, 1))), mebibytes(memory.limit()));
  }
  if (chosen == 0) {
    throw Error(Code::kTooLarge,
                fmt::format("TRAIN.BATCH_SIZE_PER_GPU: auto: the memory does not suffice for a forward "
                            "and backward pass of one image{}; ENABLE_CHECKPOINT: true may help",
                            why));
  }
  set_images_per_pass(chosen);
  notes.add(fmt::format("TRAIN.BATCH_SIZE_PER_GPU: auto: {} of {} images per forward pass{}", chosen, all, why));
}

}  // namespace mi2::train
