#pragma once
// From a request read whole to its answer: keys, CORS, routes, admission to the queue, metrics and the log. Knows no
// socket.

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
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
#include "server/users.hpp"

#include "audit/trail.hpp"
#include "protocols/routes.hpp"

namespace mi2::server {

/// One request from its header to the end of its answer.
struct Call {
  Call(protocols::HttpRequest asked, ClientLiveness who, asio::ip::address from)
      : request(std::move(asked)), peer(std::move(from)), client(who) {}

  protocols::HttpRequest request;  ///< its body may come later
  bool head = false;               ///< the answer's body is not sent
  protocols::Match match;
  protocols::RequestIds ids;
  std::string caller;      ///< HttpRequest::caller
  asio::ip::address peer;  ///< who the connection is with
  std::string origin;
  std::string traceparent;  ///< empty unless valid
  Clock::time_point start = Clock::now();
  RequestRecord record;
  ClientLiveness client;                                ///< looked at while rows are computed
  std::shared_ptr<protocols::ArchiveRecord> archive{};  ///< of a request to an archive that was understood
  bool begun = false;                                   ///< the audit list has that it is to change something
  bool disconnected = false;                            ///< the client: an answer would be in vain
  ByteBudget::Share* memory = nullptr;                  ///< what the request holds; may be null

  [[nodiscard]] const protocols::Route* route() const noexcept { return match.route; }
};

/// That the audit list takes no line. Its message is the operator's.
class AuditRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Used on one thread, that of Models.
class Handler {
 public:
  Handler(const Options& options, Models& models, asio::thread_pool& workers, Metrics& metrics, Log& log);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  /// Begins a call with a request's header.
  /// @param peer  who the connection is with.
  [[nodiscard]] Call open(protocols::HttpRequest request, ClientLiveness client, asio::ip::address peer);
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
  /// From now on users are believed from these proxies.
  void use_users(ProxyUsers users) { users_ = std::move(users); }
  /// Before the first call: what is done with archives is written down there. @param trail  may be null.
  void use_audit(std::shared_ptr<audit::Trail> trail);

 private:
  asio::awaitable<void> compute(Call& call, protocols::HttpResponse& answer);
  asio::awaitable<std::optional<protocols::HttpResponse>> decode(Call& call);
  asio::awaitable<protocols::HttpResponse> carry_out(Call& call, const Snapshot& snapshot, protocols::RequestPlan plan);
  asio::awaitable<protocols::Vectors> embed(Call& call, ModelWorker& worker, protocols::Work work, bool& own_fault);
  asio::awaitable<void> fetch(Call& call, protocols::Work& work, bool& own_fault);
  asio::awaitable<protocols::HttpResponse> finish_apart(Call& call, protocols::RequestPlan plan,
                                                        protocols::Vectors vectors);
  /// Where a plan is finished: an archive's work of a kind is done one by one.
  void post_apart(const protocols::RequestPlan& plan, std::function<void()> work);
  void note(const Call& call, const protocols::ArchiveRecord& record, std::string_view outcome, double took);
  /// Whether the audit list has a line of a call.
  [[nodiscard]] bool is_audited(const Call& call) const;
  [[nodiscard]] audit::Entry entry_of(const Call& call) const;
  /// What is written down of a plan that changes an archive before it does; nothing of any other.
  [[nodiscard]] std::optional<audit::Entry> change_of(const Call& call, const protocols::RequestPlan& plan) const;
  /// On any thread. @throws AuditRefused.
  void begin(const audit::Entry& change) const;
  /// Writes down what was done. An answer that nobody would know of is replaced by a refusal.
  asio::awaitable<void> account(Call& call, protocols::HttpResponse& answer);
  void tell_unaudited(const Call& call, std::string_view fault) const;
  /// Finds out who asks. @returns a refusal, or nothing.
  std::optional<protocols::HttpResponse> admit(Call& call, bool open) const;
  /// Whether whoever asks is let in still.
  [[nodiscard]] bool keeps_key(const Call& call) const {
    return call.route()->open || protocols::is_user(call.caller) || keys_.knows(call.caller);
  }
  [[nodiscard]] protocols::HttpResponse refuse_key(const Call& call) const;
  [[nodiscard]] protocols::HttpResponse refuse_unaudited(const Call& call) const;
  /// For what was thrown while a request was answered.
  [[nodiscard]] protocols::HttpResponse refuse(const Call& call, const std::exception_ptr& thrown) const;
  [[nodiscard]] protocols::HttpResponse metrics_answer(Call& call) const;

  const Options& options_;
  Models& models_;
  asio::thread_pool& workers_;
  Metrics& metrics_;
  Log& log_;
  Cors cors_;
  Fetcher fetcher_;
  KeyRing keys_;
  ProxyUsers users_;
  std::shared_ptr<audit::Trail> trail_;
  std::unique_ptr<asio::thread_pool>
      scribe_;  ///< a thread that writes there: it waits for a disk, and for nothing else
  boost::uuids::random_generator_mt19937 new_id_;
  /// Requests in finish_apart(), by kind.
  std::array<std::size_t, protocols::kApartKinds> apart_{};
  Lanes searchers_;  ///< for what takes long and waits for others
  Lanes lookers_;    ///< for what asks a catalog, and does not wait for searches
  Lanes judges_;     ///< for what takes minutes
  Lanes adders_;     ///< for what embeds and writes
  Lanes pushers_;    ///< for what waits for other servers
  Lanes renderers_;  ///< for what decodes pictures
  Lanes heatmaps_;   ///< for what embeds them too
};

}  // namespace mi2::server
