#include "server/job.hpp"

#include <algorithm>
#include <utility>

#include <mi2/error.hpp>

#include "protocols/answers.hpp"

namespace mi2::server {

Job::Job(protocols::Work work, std::size_t dimensions, std::function<void()> done)
    : work_(std::move(work)),
      images_(work_.images.size()),
      vectors_{EmbeddingMatrix(work_.images.size(), dimensions), EmbeddingMatrix(work_.texts.size(), dimensions)},
      done_(std::move(done)),
      left_(work_.images.size() + work_.texts.size()) {}

void Job::succeed(Lane lane, std::size_t row, std::span<const float> vector) {
  std::ranges::copy(vector, (lane == Lane::kImage ? vectors_.images : vectors_.texts).row(row).begin());
  finish_row();
}

void Job::set_patches(embedder::Patches patches) {
  const std::lock_guard lock(mutex_);
  vectors_.patches = std::move(patches);
}

void Job::fail(Lane lane, std::size_t row, std::exception_ptr error, bool own) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted(lane, row)) {
      failed_.store(rank(lane, row));
      error_ = std::move(error);
      own_ = own;
    }
  }
  finish_row();
}

void Job::skip() { finish_row(); }

void Job::abandon() {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::make_exception_ptr(Error(Code::kInternal, "nobody waits for the answer"));
  failed_.store(0);
}

void Job::add_prepare(const PrepareTimes& times) {
  const std::lock_guard lock(mutex_);
  times_.decode += times.decode;
  times_.preprocess += times.preprocess;
}

void Job::add_warnings(std::size_t row, std::vector<std::string> warnings) {
  if (warnings.empty()) return;
  const std::lock_guard lock(mutex_);
  warnings_[row] = std::move(warnings);
}

void Job::add_wait(double queue_seconds) {
  const std::lock_guard lock(mutex_);
  times_.queue = std::max(times_.queue, queue_seconds);
}

void Job::add_pass(double inference_seconds) {
  const std::lock_guard lock(mutex_);
  times_.inference += inference_seconds;
}

protocols::Vectors Job::take_vectors() {
  if (error_) std::rethrow_exception(error_);
  for (const auto& [row, warnings] : warnings_) {
    protocols::add_warnings(vectors_.warnings, work_.images[row].name, warnings);
  }
  return std::move(vectors_);
}

void Job::finish_row() {
  if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) done_();
}

}  // namespace mi2::server
