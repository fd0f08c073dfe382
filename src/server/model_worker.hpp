#pragma once
// One loaded model at work: its queues of images and texts, the decoding that runs ahead of its forward passes, the
// batches that requests share, and the engines that compute them, one per device. Which rows share a batch changes no
// vector (docs/numerics.md).

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "server/decode_budget.hpp"
#include "server/fair_mutex.hpp"
#include "server/job.hpp"
#include "server/metrics.hpp"
#include "server/options.hpp"
#include "server/turn_queue.hpp"

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

namespace mi2::server {

/// Runs a function on a worker's thread, some time.
using Post = std::function<void(std::function<void()>)>;

struct ModelWorkerParts {
  BatchOptions batch;
  unsigned decoders = 1;  ///< images decoded at a time
  Post post;
  std::function<void()> damaged;  ///< called on any thread when the model's file was changed under it
  /// Called on any thread when an engine fails at rows that another one can do; it computes no more.
  std::function<void(const Device& device, const std::string& reason)> lost;
  std::vector<FairMutex*> turns;  ///< of each engine's device; they outlive the worker
  std::shared_ptr<DecodeBudget> decoding;
  ModelMetrics* metrics = nullptr;
};

class ModelWorker : public std::enable_shared_from_this<ModelWorker> {
 public:
  /// @param embedders  of one model, on one device each; at least one.
  ModelWorker(std::vector<Embedder> embedders, ModelWorkerParts parts);
  ModelWorker(const ModelWorker&) = delete;
  ModelWorker& operator=(const ModelWorker&) = delete;
  /// No job may be left.
  ~ModelWorker();

  /// Of the model's vectors.
  [[nodiscard]] std::size_t dimensions() const noexcept { return static_cast<std::size_t>(first().dimensions()); }
  /// The first engine's model, for what embeds beside the queues: each forward pass in_turn().
  [[nodiscard]] const Embedder& embedder() const noexcept { return first(); }
  /// Calls `pass`, one of embedder(), when it is its turn among those of all models on its device.
  void in_turn(const std::function<void()>& pass) const;
  /// Takes places in the queues for a job's rows; submit() or release() gives them on.
  /// @returns false when there are not enough. An empty queue takes any one request.
  [[nodiscard]] bool reserve(std::size_t images, std::size_t texts);
  void release(std::size_t images, std::size_t texts);
  /// Starts a job whose places are reserved.
  void submit(const std::shared_ptr<Job>& job);
  /// Takes a job's rows out whose turn has not come; the others finish. For an answer that nobody waits for.
  void drop(const std::shared_ptr<Job>& job);

 private:
  /// What computes: an embedder and the thread of its forward passes.
  struct Engine {
    Embedder embedder;
    FairMutex* turn = nullptr;
    /// It failed at a row that another engine has now: what becomes of that says whose the fault was, the row's or the
    /// engine's, which is then lost.
    bool suspended = false;
    const Job* failed_at = nullptr;  ///< whose row that is
    bool lost = false;
    std::string reason{};  ///< what it failed with
    std::thread thread{};
    [[nodiscard]] bool works() const noexcept { return !suspended && !lost; }
  };
  struct Row {
    std::shared_ptr<Job> job;
    std::size_t index = 0;
    Lane lane = Lane::kImage;
    Clock::time_point since;   ///< it could take part in a forward pass
    Pixels pixels;             ///< of an image that is prepared
    bool set_aside = false;    ///< it waited for pixels of the budget
    Engine* failed = nullptr;  ///< that was suspended for it
    /// Whether its result can still matter; if not, its job counts it as done.
    [[nodiscard]] bool wanted_or_skipped() const;
  };
  /// Rows that are ready for a forward pass.
  struct Queue {
    Lane lane = Lane::kImage;
    std::size_t max_batch = 1;
    TurnQueue<Row> ready;
    std::size_t waiting = 0;  ///< places taken: rows reserved, encoded, in decoding or ready
    [[nodiscard]] Clock::time_point due(milliseconds max_wait) const;
  };

  // With mutex_ held:
  void wake_decoders();
  [[nodiscard]] bool may_decode() const;
  [[nodiscard]] Queue* due_queue(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_due() const;
  [[nodiscard]] std::vector<Row> take_batch(Queue& queue);
  void leave(Queue& queue, std::size_t rows);
  static void resume(const Row& row);

  void decode_one();
  [[nodiscard]] std::optional<Row> prepare(Row& row, DecodeBudget::Share& share);
  void set_aside(Row row);
  void wait_for_pixels();
  /// Gives one row that was set aside another try.
  void retry();
  [[nodiscard]] const Embedder& first() const noexcept { return engines_.front().embedder; }
  void work(Engine& engine);
  void take_turn(Engine& engine, Queue& queue);
  void pass(Engine& engine, Lane lane, std::vector<Row> rows);
  void check_model(const Error& error) const;
  [[nodiscard]] EmbeddingMatrix embed(const Engine& engine, Lane lane, std::vector<Row>& rows);
  [[nodiscard]] static EmbeddingMatrix embed_images(const Engine& engine, std::span<const Row> rows,
                                                    std::span<const Pixels> pixels);
  void pass_one_by_one(Engine& engine, std::vector<Row>& rows);
  [[nodiscard]] bool hand_over(Engine& engine, std::span<Row> rows, const std::exception_ptr& error);
  void succeed(const Row& row, std::span<const float> vector);
  void fail(const Row& row, std::exception_ptr error);

  std::deque<Engine> engines_;  ///< what they are, and which of them work, changes with mutex_ held
  ModelWorkerParts parts_;
  std::mutex mutex_;
  std::condition_variable wake_;
  TurnQueue<Row> encoded_;  ///< images to decode
  std::deque<Row> aside_;   ///< images that the budget of decoded pixels does not allow yet
  bool waits_for_pixels_ = false;
  std::size_t decoders_ = 0;  ///< tasks posted or at work
  std::size_t preparing_ = 0;
  Queue images_;
  Queue texts_;
  Lane last_ = Lane::kText;
  bool stopping_ = false;
};

}  // namespace mi2::server
