// How a model's worker decodes: some images ahead of its passes, within a budget of pixels that all requests share.

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "server/model_worker.hpp"

#include "embedder/region.hpp"

namespace mi2::server {
namespace {

/// Batches decoded ahead of the forward pass: one to follow it at once, one in the making. More would only hold memory.
constexpr std::size_t kBatchesAhead = 2;

/// Thrown through the decoder when the budget does not allow an image's pixels now.
struct OverBudget {};

TimedPixels pixels_of(const Embedder& embedder, const protocols::ImageItem& item, const ImageOptions& options) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(item.bytes));
  if (!item.region) return embedder.prepare_timed(bytes, item.name, options);
  const Clock::time_point start = Clock::now();
  TimedPixels timed;
  timed.pixels = embedder::prepare_region(embedder, bytes, item.name, *item.region, options);
  timed.times.decode = seconds_between(start, Clock::now());
  return timed;
}

}  // namespace

bool ModelWorker::may_decode() const {
  return !encoded_.empty() &&
         images_.ready.size() + preparing_ < (kBatchesAhead + engines_.size() - 1) * images_.max_batch;
}

void ModelWorker::wake_decoders() {
  // Those at work may be long: a row needs a task that has none yet.
  const auto idle = [this] { return decoders_ - preparing_; };
  while (may_decode() && decoders_ < parts_.decoders && idle() < encoded_.size()) {
    ++decoders_;
    parts_.post([self = shared_from_this()] { self->decode_one(); });
  }
}

/// One image per task, so that parsing and rendering get their turns between two.
void ModelWorker::decode_one() {
  Row row;
  {
    const std::lock_guard lock(mutex_);
    if (!may_decode()) {
      --decoders_;
      return;
    }
    row = encoded_.pop_front();
    ++preparing_;
  }
  std::optional<Row> prepared;
  bool held = false;
  {
    DecodeBudget::Share share(*parts_.decoding);
    try {
      prepared = prepare(row, share);
    } catch (const OverBudget&) {
      held = true;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    --preparing_;
    --decoders_;
    if (held) {
      set_aside(std::move(row));
    } else if (prepared) {
      images_.ready.push_back(std::move(*prepared));
    } else {
      leave(images_, 1);
    }
    wake_decoders();
  }
  wake_.notify_all();
  if (held) {
    wait_for_pixels();
  } else {
    retry();
  }
}

/// Other images go on. Those that were tried again keep their place before the others.
void ModelWorker::set_aside(Row row) {
  const bool first = row.set_aside;
  row.set_aside = true;
  if (first) {
    aside_.push_front(std::move(row));
  } else {
    aside_.push_back(std::move(row));
  }
}

/// Once for all rows: those whose turn comes then let the next ones try.
void ModelWorker::wait_for_pixels() {
  {
    const std::lock_guard lock(mutex_);
    if (waits_for_pixels_) return;
    waits_for_pixels_ = true;
  }
  parts_.decoding->when_free([self = weak_from_this()] {
    const std::shared_ptr<ModelWorker> worker = self.lock();
    if (!worker) return;
    {
      const std::lock_guard lock(worker->mutex_);
      worker->waits_for_pixels_ = false;
    }
    worker->retry();
  });
}

void ModelWorker::retry() {
  const std::lock_guard lock(mutex_);
  if (aside_.empty()) return;
  encoded_.push_front(std::move(aside_.front()));
  aside_.pop_front();
  wake_decoders();
}

/// @returns nothing if the row is finished: failed, or not wanted. @throws OverBudget with the row as it was.
std::optional<ModelWorker::Row> ModelWorker::prepare(Row& row, DecodeBudget::Share& share) {
  if (!row.wanted_or_skipped()) return std::nullopt;
  protocols::ImageItem& item = row.job->work().images[row.index];
  try {
    ImageOptions options = item.options;
    options.claim = [&](std::uint64_t pixels) {
      // At once: a share that holds something lets more of the same image by.
      if (!share.take(item.region ? embedder::pixels_of_cutting(pixels, *item.region) : pixels)) throw OverBudget{};
      if (row.set_aside) retry();  // there may be room for more
    };
    TimedPixels prepared = pixels_of(first(), item, options);
    row.pixels = std::move(prepared.pixels);
    row.job->add_warnings(row.index, std::move(row.pixels.warnings));
    row.job->add_prepare(prepared.times);
    parts_.metrics->prepared(prepared.times);
    std::string().swap(item.bytes);
  } catch (const OverBudget&) {
    throw;
  } catch (...) {
    row.job->fail(row.lane, row.index, std::current_exception(), true);
    return std::nullopt;
  }
  row.since = Clock::now();
  return std::move(row);
}

}  // namespace mi2::server
