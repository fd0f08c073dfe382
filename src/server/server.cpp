#include "server/server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/version.hpp>

#include "base/thread_pool.hpp"
#include "server/archives.hpp"
#include "server/byte_budget.hpp"
#include "server/connection.hpp"
#include "server/handler.hpp"
#include "server/listener.hpp"
#include "server/log.hpp"
#include "server/metrics.hpp"
#include "server/models.hpp"
#include "server/net.hpp"
#include "server/tls.hpp"
#include "server/trimmer.hpp"

namespace mi2::server {
namespace {

/// Between two looks at whether models are still being loaded, once the server is to end.
constexpr milliseconds kLoadPause{50};

/// A connection is a descriptor, and the usual limit is 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

KeyRing read_keys(const Options& options) { return options.api_keys.empty() ? KeyRing() : KeyRing(options.api_keys); }

void announce(const std::string& address) {
  fmt::print("listening on {}\n", address);
  std::fflush(stdout);
}

/// The whole server. Everything but forward passes, decoding, parsing and rendering happens on the thread of run().
class Server {
 public:
  explicit Server(const Options& options)
      : options_(options),
        workers_(options.workers),
        archives_(open_archives(options_)),
        models_(options_, archives_, io_, workers_, metrics_, *log_),
        handler_(options_, models_, workers_, metrics_, *log_),
        budget_(options.limits.buffered_bytes, metrics_),
        connections_(io_.get_executor(), metrics_),
        trimmer_(io_.get_executor(), workers_),
        listener_(io_, {options_, handler_, budget_, connections_, trimmer_}, *log_),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        drain_timer_(io_) {
    handler_.use_keys(read_keys(options_));
    handler_.use_users(ProxyUsers(options_.proxy));
    if (!options_.audit.empty()) handler_.use_audit(std::make_shared<audit::Trail>(options_.audit));
    listener_.use_tls(open_tls(options_));
    heed_archives();
  }

  void run() {
    announce(listener_.address());
    log_->info("listening", {{"address", listener_.address()}, {"version", version()}});
    asio::co_spawn(io_, listener_.run(), asio::detached);
    asio::co_spawn(io_, heed_signals(), asio::detached);
    models_.load([this](std::exception_ptr failed) {
      if (!failure_) failure_ = failed;
      if (!connections_.draining()) drain();
    });
    io_.run();
    workers_.join();
    if (failure_) std::rethrow_exception(failure_);
    log_->info("ended");
  }

 private:
  asio::awaitable<void> heed_signals() {
    error_code error;
    for (;;) {
      const int signal = co_await signals_.async_wait(into(error));
      if (error) co_return;
      if (signal == SIGHUP) {
        reload();
      } else if (connections_.draining()) {
        cut("second_signal");
      } else {
        drain();
      }
    }
  }

  /// Reloads archives, models, keys, rights and certificates; what cannot be read stays as it was.
  void reload() {
    log_->info("reload");
    try {
      KeyRing keys = read_keys(options_);
      ProxyUsers users(options_.proxy);
      std::shared_ptr<asio::ssl::context> tls = open_tls(options_);
      if (archives_ && !options_.archive_rights.empty()) archives_->use_rights(options_.archive_rights);
      handler_.use_keys(std::move(keys));
      handler_.use_users(std::move(users));
      listener_.use_tls(std::move(tls));
    } catch (const Error& error) {
      const std::pair<std::string, std::string_view> known[] = {
          {options_.api_keys.string(), "<api-key-file>"},
          {options_.archive_rights.string(), "<archive-rights>"},
          {options_.tls_certificate.string(), "<tls-cert>"},
          {options_.tls_key.string(), "<tls-key>"},
          {options_.proxy.secret.string(), "<proxy-secret-file>"}};
      log_->error("reload_failed", {{"error", without_paths(error.what(), known)},
                                    {"serving", "with the keys, rights and certificates as before"}});
    }
    follow_archives();
    models_.reload();
  }

  /// Their folders may be links that lead to others now.
  void follow_archives() {
    if (!archives_) return;
    try {
      for (const std::string& name : archives_->follow()) log_->info("archive_changed", {{"archive", name}});
    } catch (const Error& error) {
      log_->error("reload_failed",
                  {{"error", without_paths(error.what(), {})}, {"serving", "with the archives as before"}});
    }
  }

  /// Archives in a database go on with what they have while it does not answer; what cannot be compared is not.
  void heed_archives() {
    if (!archives_) return;
    archives_->on_following([&log = *log_](const protocols::ArchiveFollowing& now) {
      if (now.answers) {
        log.info("archive_follows", {{"archive", now.name}});
        return;
      }
      log.warning("archive_stale", {{"archive", now.name},
                                    {"error", without_paths(now.error, {})},
                                    {"serving", fmt::format("what there was {:.0f} s ago", now.seconds)}});
    });
    archives_->drifts().on_failure([&log = *log_](const std::string& archive, const std::string& error) {
      log.warning("archive_drift_failed", {{"archive", archive}, {"error", without_paths(error, {})}});
    });
  }

  /// Takes no more connections and lets those there are finish. Afterwards nothing is left to do and run() returns.
  void drain() {
    log_->info("draining", {{"connections", std::to_string(connections_.size())}});
    listener_.stop();
    connections_.drain();
    handler_.stop();
    if (archives_) archives_->drifts().end();
    drain_timer_.expires_after(options_.timeouts.drain);
    drain_timer_.async_wait([this](error_code cancelled) {
      if (!cancelled) cut("drain_timeout");
    });
    asio::co_spawn(io_, end_when_empty(), asio::detached);
  }

  asio::awaitable<void> end_when_empty() {
    // Not before heed_signals() waits again: what is not waited for yet cannot be cancelled.
    co_await asio::post(io_, asio::use_awaitable);
    co_await connections_.wait_until_empty();
    // Until loads are over, a signal or the timer can still cut them. After one that failed its error is the end.
    asio::steady_timer pause(io_);
    while (!failure_ && models_.loading()) {
      pause.expires_after(kLoadPause);
      co_await pause.async_wait(asio::use_awaitable);
    }
    drain_timer_.cancel();
    trimmer_.stop();
    signals_.cancel();
  }

  /// Ends the process at once: a forward pass under way cannot be stopped, and what it uses cannot be freed.
  [[noreturn]] void cut(std::string_view reason) {
    log_->error("cut", {{"reason", reason}, {"connections", std::to_string(connections_.size())}});
    log_.reset();
    std::_Exit(options_.cut_status);
  }

  Options options_;
  std::unique_ptr<Log> log_ = std::make_unique<Log>();
  Metrics metrics_;
  asio::io_context io_{1};
  asio::thread_pool workers_;
  std::shared_ptr<protocols::ArchiveRoutes> archives_;
  Models models_;
  Handler handler_;
  ByteBudget budget_;
  Connections connections_;
  Trimmer trimmer_;
  Listener listener_;
  asio::signal_set signals_;
  asio::steady_timer drain_timer_;
  std::exception_ptr failure_;
};

Options completed(Options options) {
  if (options.workers == 0) options.workers = base::available_cores();
  return options;
}

}  // namespace

void serve(const Options& options) {
  raise_descriptor_limit();
  Server(completed(options)).run();
}

}  // namespace mi2::server
