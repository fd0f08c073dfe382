#pragma once
// The models of a server: loaded in parallel, each ready on its own, and replaced while requests go on.

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/decode_budget.hpp"
#include "server/fair_mutex.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/model_worker.hpp"
#include "server/net.hpp"
#include "server/options.hpp"

#include "protocols/archive_routes.hpp"
#include "protocols/service.hpp"

namespace mi2::server {

/// What is served at one moment. A request keeps the one it began with, and so its models, until it is answered.
struct Snapshot {
  protocols::Service service;
  std::map<std::string, std::shared_ptr<ModelWorker>, std::less<>> workers;  ///< those that are loaded
};

/// Used on the thread of `io`, which must stop before this is destroyed.
class Models {
 public:
  /// @param archives  that are served, or null.
  Models(const Options& options, std::shared_ptr<const protocols::ArchiveRoutes> archives, asio::io_context& io,
         asio::thread_pool& workers, Metrics& metrics, Log& log);
  Models(const Models&) = delete;
  Models& operator=(const Models&) = delete;
  /// Waits for loads under way.
  ~Models();

  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const noexcept { return snapshot_; }

  /// Starts loading all models. @param on_failure  called with the error of a first load that failed.
  void load(std::function<void(std::exception_ptr)> on_failure);
  /// Reloads all models, beside those that serve; one that cannot be loaded keeps serving as it was.
  void reload();
  /// Whether a model is being loaded, which nothing can stop.
  [[nodiscard]] bool loading() const;

 private:
  struct Loaded;
  struct Entry {
    ModelSpec spec;
    ModelMetrics* metrics = nullptr;
    bool loading = false;
    bool again = false;  ///< a reload was asked for while one was under way
    bool serves = false;
    bool damaged = false;  ///< its file was changed under it: it answers nothing until it is loaded again
  };

  void start(std::size_t index);
  void finish(std::size_t index, Loaded loaded);
  void damaged(std::size_t index);
  void publish(const std::string& name, Loaded loaded);
  [[nodiscard]] Loaded open(std::size_t index, const ModelSpec& spec, ModelMetrics& metrics);
  [[nodiscard]] std::shared_ptr<ModelWorker> make_worker(std::vector<Embedder> embedders, std::size_t index,
                                                         ModelMetrics& metrics);
  void lost(std::size_t index, const Device& device, const std::string& reason);

  const Options& options_;
  asio::io_context& io_;
  asio::thread_pool& workers_;
  Log& log_;
  std::deque<FairMutex> turns_;             ///< of each device
  std::shared_ptr<DecodeBudget> decoding_;  ///< of all models, and of those that are being freed
  std::vector<Entry> entries_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::function<void(std::exception_ptr)> on_failure_;
  asio::thread_pool loaders_;  ///< loads models, and frees them: both take long
};

}  // namespace mi2::server
