#pragma once
// From a request read whole to its answer: keys, CORS, routes, admission to the queue, metrics and the log. Knows no
// socket.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/uuid/random_generator.hpp>

#include "server/byte_budget.hpp"
#include "server/client_liveness.hpp"
#include "server/cors.hpp"
#include "server/fetch.hpp"
#include "server/job.hpp"
#include "server/keys.hpp"
#include "server/lanes.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/models.hpp"
#include "server/net.hpp"
#include "server/options.hpp"

#include "protocols/routes.hpp"

namespace mi2::server {

/// One request from its header to the end of its answer.
struct Call {
  Call(protocols::HttpRequest asked, ClientLiveness who) : request(std::move(asked)), client(who) {}

  protocols::HttpRequest request;  ///< its body may come later
  bool head = false;               ///< the answer's body is not sent
  protocols::Match match;
  protocols::RequestIds ids;
  std::string caller;  ///< HttpRequest::caller
  std::string origin;
  std::string traceparent;  ///< empty unless valid
  Clock::time_point start = Clock::now();
  RequestRecord record;
  ClientLiveness client;                ///< looked at while rows are computed
  bool disconnected = false;            ///< the client: an answer would be in vain
  ByteBudget::Share* memory = nullptr;  ///< what the request holds; may be null

  [[nodiscard]] const protocols::Route* route() const noexcept { return match.route; }
};

/// Used on one thread, that of Models.
class Handler {
 public:
  Handler(const Options& options, Models& models, asio::thread_pool& workers, Metrics& metrics, Log& log);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  /// Begins a call with a request's header.
  [[nodiscard]] Call open(protocols::HttpRequest request, ClientLiveness client);
  /// The answer that needs no body: a preflight's, or a refusal (key, path, method, header).
  [[nodiscard]] std::optional<protocols::HttpResponse> early_answer(Call& call) const;
  /// The answer of a request whose body was read; meaningless once `call.disconnected`. Never throws what a request
  /// can bring about.
  asio::awaitable<protocols::HttpResponse> answer(Call& call);
  /// The answer for an error of the request as a whole.
  [[nodiscard]] protocols::HttpResponse refuse(const Call& call, const Error& error) const;
  /// The answer of a request that is not HTTP, or whose header is too large.
  [[nodiscard]] protocols::HttpResponse refuse(const Call& call, int status, std::string_view code,
                                               std::string_view message) const;
  /// Adds the headers that every answer has.
  void complete(Call& call, protocols::HttpResponse& answer) const;
  /// Counts and logs a call whose answer was written, or could not be (`outcome`: "disconnected", "timeout").
  /// Without an answer its status is 0.
  void close(Call& call, std::string_view outcome);
  /// Counts a connection that ended without a request: "timeout", "disconnected", ..
  void lost(std::string_view kind) { metrics_.failed(kind); }

  /// The server ends: requests whose images are still fetched are refused.
  void stop() { fetcher_.stop(); }

  /// From now on these keys are asked for.
  void use_keys(KeyRing keys) { keys_ = std::move(keys); }

 private:
  asio::awaitable<void> compute(Call& call, protocols::HttpResponse& answer);
  asio::awaitable<std::optional<protocols::HttpResponse>> decode(Call& call);
  asio::awaitable<protocols::HttpResponse> carry_out(Call& call, const Snapshot& snapshot, protocols::RequestPlan plan);
  asio::awaitable<protocols::Vectors> embed(Call& call, ModelWorker& worker, protocols::Work work, bool& own_fault);
  asio::awaitable<void> fetch(Call& call, protocols::Work& work, bool& own_fault);
  asio::awaitable<protocols::HttpResponse> finish_apart(Call& call, protocols::RequestPlan plan,
                                                        protocols::Vectors vectors);
  void audit(const Call& call, const protocols::ArchiveRecord& record, std::string_view outcome, double took);
  [[nodiscard]] protocols::HttpResponse metrics_answer(Call& call) const;

  const Options& options_;
  Models& models_;
  asio::thread_pool& workers_;
  Metrics& metrics_;
  Log& log_;
  Cors cors_;
  Fetcher fetcher_;
  KeyRing keys_;
  boost::uuids::random_generator_mt19937 new_id_;
  std::size_t apart_ = 0;  ///< requests in finish_apart()
  Lanes searchers_;        ///< for what takes long and waits for others
  Lanes lookers_;          ///< for what asks a catalog, and does not wait for searches
};

}  // namespace mi2::server
