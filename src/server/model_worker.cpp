#include "server/model_worker.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "embedder/heatmap.hpp"

namespace mi2::server {
namespace {

/// Whether another engine may succeed where one threw this: it is no fault of the input, and not memory running out.
bool may_be_an_engines(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& own) {
    return own.code() == Code::kInternal;
  } catch (const std::bad_alloc&) {
    return false;
  } catch (...) {
    return true;
  }
}

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "unknown";
  }
}

}  // namespace

bool ModelWorker::Row::wanted_or_skipped() const {
  if (job->wanted(lane, index)) return true;
  job->skip();
  return false;
}

Clock::time_point ModelWorker::Queue::due(milliseconds max_wait) const {
  if (ready.empty()) return Clock::time_point::max();
  return ready.size() >= max_batch ? Clock::time_point::min() : ready.front().since + max_wait;
}

ModelWorker::ModelWorker(std::vector<Embedder> embedders, ModelWorkerParts parts) : parts_(std::move(parts)) {
  images_.max_batch = parts_.batch.max_batch;
  texts_.lane = Lane::kText;
  texts_.max_batch = parts_.batch.max_text_batch;
  for (Embedder& embedder : embedders) engines_.push_back({std::move(embedder), parts_.turns[engines_.size()]});
  for (Engine& engine : engines_) engine.thread = std::thread([this, &engine] { work(engine); });
}

ModelWorker::~ModelWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (Engine& engine : engines_) engine.thread.join();
}

void ModelWorker::in_turn(const std::function<void()>& pass) const {
  const std::lock_guard turn(*engines_.front().turn);
  try {
    pass();
  } catch (const Error& error) {
    check_model(error);
    throw;
  }
}

bool ModelWorker::reserve(std::size_t images, std::size_t texts) {
  const std::size_t limit = parts_.batch.max_queue;
  const auto fits = [limit](std::size_t waiting, std::size_t more) {
    return more == 0 || waiting == 0 || waiting + more <= limit;
  };
  const std::lock_guard lock(mutex_);
  if (!fits(images_.waiting, images) || !fits(texts_.waiting, texts)) return false;
  images_.waiting += images;
  texts_.waiting += texts;
  parts_.metrics->queue_size(images_.waiting, texts_.waiting);
  return true;
}

void ModelWorker::release(std::size_t images, std::size_t texts) {
  const std::lock_guard lock(mutex_);
  leave(images_, images);
  leave(texts_, texts);
}

void ModelWorker::leave(Queue& queue, std::size_t rows) {
  queue.waiting -= rows;
  parts_.metrics->queue_size(images_.waiting, texts_.waiting);
}

void ModelWorker::submit(const std::shared_ptr<Job>& job) {
  const Clock::time_point now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < job->work().images.size(); ++i) {
      encoded_.push_back({job, i, Lane::kImage, now, {}, false});
    }
    for (std::size_t i = 0; i < job->work().texts.size(); ++i) {
      texts_.ready.push_back({job, i, Lane::kText, now, {}, false});
    }
    wake_decoders();
  }
  wake_.notify_all();
}

void ModelWorker::drop(const std::shared_ptr<Job>& job) {
  job->abandon();
  std::size_t images = 0;
  std::size_t texts = 0;
  {
    const std::lock_guard lock(mutex_);
    for (Engine& engine : engines_) {
      if (engine.failed_at == job.get()) engine.suspended = false;
    }
    images = encoded_.erase(job) + images_.ready.erase(job) +
             std::erase_if(aside_, [&job](const Row& row) { return row.job == job; });
    texts = texts_.ready.erase(job);
    leave(images_, images);
    leave(texts_, texts);
    wake_decoders();
  }
  wake_.notify_all();
  retry();  // a row of the job may have been the one whose end lets the next one that was set aside try again
  for (std::size_t i = 0; i < images + texts; ++i) job->skip();
}

/// A row whose end says nothing against the engine that it was taken from.
void ModelWorker::resume(const Row& row) {
  if (row.failed != nullptr) row.failed->suspended = false;
}

Clock::time_point ModelWorker::next_due() const {
  return std::min(images_.due(parts_.batch.max_wait), texts_.due(parts_.batch.max_wait));
}

/// If both queues are due, the one that did not have the last turn.
ModelWorker::Queue* ModelWorker::due_queue(Clock::time_point now) {
  std::array<Queue*, 2> order{&images_, &texts_};
  if (last_ == Lane::kImage) std::swap(order[0], order[1]);
  for (Queue* queue : order) {
    if (!queue->ready.empty() && queue->due(parts_.batch.max_wait) <= now) return queue;
  }
  return nullptr;
}

/// Rows that nobody wants any more leave no gap: the next ones move up.
std::vector<ModelWorker::Row> ModelWorker::take_batch(Queue& queue) {
  const std::size_t before = queue.ready.size();
  std::vector<Row> rows;
  rows.reserve(std::min(before, queue.max_batch));
  while (!queue.ready.empty() && rows.size() < queue.max_batch) {
    Row row = queue.ready.pop_front();
    if (row.wanted_or_skipped()) {
      rows.push_back(std::move(row));
    } else {
      resume(row);
      wake_.notify_all();
    }
  }
  leave(queue, before - queue.ready.size());
  last_ = queue.lane;
  wake_decoders();
  return rows;
}

void ModelWorker::work(Engine& engine) {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return engine.works() || engine.lost || stopping_; });
    if (engine.lost) return;
    Queue* const queue = due_queue(Clock::now());
    if (queue != nullptr) {
      lock.unlock();
      take_turn(engine, *queue);
      lock.lock();
    } else if (stopping_) {
      return;
    } else if (const Clock::time_point due = next_due(); due == Clock::time_point::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, due);
    }
  }
}

/// The only file that a pass can find fault with is the model's own, which is no fault of a request.
void ModelWorker::check_model(const Error& error) const {
  if (error.code() != Code::kBadFile) return;
  parts_.damaged();
  throw Error(Code::kInternal, "the model's file was changed while it is in use");
}

/// Vectors of images; of those whose requests want them, the patches too. Of a batch with one of these the features of
/// all patches are in memory at once, 1.8 MB per image for the published model.
EmbeddingMatrix ModelWorker::embed_images(const Engine& engine, std::span<const Row> rows,
                                          std::span<const Pixels> pixels) {
  const auto wants_patches = [](const Row& row) { return row.job->wants_patches(row.index); };
  if (std::ranges::none_of(rows, wants_patches)) return engine.embedder.embed_images(pixels);
  ImageFeatures found = engine.embedder.embed_images_and_tokens(pixels);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!wants_patches(rows[i])) continue;
    rows[i].job->set_patches(
        embedder::patches_of(engine.embedder, pixels[i], found.tokens.row(i), found.vectors.row(i)));
  }
  return std::move(found.vectors);
}

EmbeddingMatrix ModelWorker::embed(const Engine& engine, Lane lane, std::vector<Row>& rows) {
  if (lane == Lane::kImage) {
    std::vector<Pixels> pixels;
    pixels.reserve(rows.size());
    for (Row& row : rows) pixels.push_back(std::move(row.pixels));
    const auto give_back = [&] {
      for (std::size_t i = 0; i < rows.size(); ++i) rows[i].pixels = std::move(pixels[i]);
    };
    try {
      return embed_images(engine, rows, pixels);
    } catch (const Error& error) {
      give_back();
      check_model(error);
      throw;
    } catch (...) {
      give_back();
      throw;
    }
  }
  std::vector<std::string> texts;
  texts.reserve(rows.size());
  for (const Row& row : rows) texts.push_back(row.job->work().texts[row.index]);
  try {
    return engine.embedder.embed_texts(texts).vectors;
  } catch (const Error& error) {
    check_model(error);
    throw;
  }
}

/// The rows are chosen once it is their turn: while other models had theirs, more may have come.
void ModelWorker::take_turn(Engine& engine, Queue& queue) {
  const std::lock_guard turn(*engine.turn);
  std::vector<Row> rows;
  {
    const std::lock_guard lock(mutex_);
    rows = take_batch(queue);
  }
  if (!rows.empty()) pass(engine, queue.lane, std::move(rows));
}

void ModelWorker::pass(Engine& engine, Lane lane, std::vector<Row> rows) {
  const Clock::time_point start = Clock::now();
  for (const Row& row : rows) {
    const double waited = seconds_between(row.since, start);
    row.job->add_wait(waited);
    parts_.metrics->waited(lane, waited);
  }
  EmbeddingMatrix vectors;
  try {
    vectors = embed(engine, lane, rows);
  } catch (...) {
    pass_one_by_one(engine, rows);
    return;
  }
  const double took = seconds_between(start, Clock::now());
  parts_.metrics->passed(lane, rows.size(), took);
  std::set<const Job*> counted;
  for (const Row& row : rows) {
    if (counted.insert(row.job.get()).second) row.job->add_pass(took);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) succeed(rows[i], vectors.row(i));
}

/// After a batch failed: whatever row is at fault, its neighbours get their vectors.
void ModelWorker::pass_one_by_one(Engine& engine, std::vector<Row>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<Row> one;
    one.push_back(std::move(rows[i]));
    std::exception_ptr error;
    try {
      const EmbeddingMatrix vectors = embed(engine, one.front().lane, one);
      succeed(one.front(), vectors.row(0));
      continue;
    } catch (...) {
      error = std::current_exception();
    }
    rows[i] = std::move(one.front());
    if (hand_over(engine, std::span(rows).subspan(i), error)) return;
    fail(rows[i], error);
  }
}

/// Gives rows that an engine has left, the first of which it failed at, to the others.
/// @returns false if there is no other, or the first row has been through two, or its own fault is plain.
bool ModelWorker::hand_over(Engine& engine, std::span<Row> rows, const std::exception_ptr& error) {
  if (rows.front().failed != nullptr || !may_be_an_engines(error)) return false;
  {
    const std::lock_guard lock(mutex_);
    const auto other = [&engine](const Engine& one) { return &one != &engine && one.works(); };
    if (std::none_of(engines_.begin(), engines_.end(), other)) return false;
    engine.suspended = true;
    engine.reason = message_of(error);
    rows.front().failed = &engine;
    Queue& queue = rows.front().lane == Lane::kImage ? images_ : texts_;
    queue.waiting += rows.size();
    parts_.metrics->queue_size(images_.waiting, texts_.waiting);
    engine.failed_at = rows.front().job.get();
    for (std::size_t i = rows.size(); i > 0; --i) queue.ready.push_front(std::move(rows[i - 1]));
  }
  wake_.notify_all();
  return true;
}

void ModelWorker::succeed(const Row& row, std::span<const float> vector) {
  if (row.failed != nullptr) {
    {
      const std::lock_guard lock(mutex_);
      row.failed->lost = true;
    }
    wake_.notify_all();
    parts_.lost(row.failed->embedder.options().device, row.failed->reason);
  }
  row.job->succeed(row.lane, row.index, vector);
}

void ModelWorker::fail(const Row& row, std::exception_ptr error) {
  if (row.failed != nullptr) {
    {
      const std::lock_guard lock(mutex_);
      resume(row);
    }
    wake_.notify_all();
  }
  row.job->fail(row.lane, row.index, std::move(error), false);
}

}  // namespace mi2::server
