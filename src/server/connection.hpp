#pragma once
// One connection: its requests one after another, the deadlines of its peer, its end.

#include <cstddef>
#include <list>
#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "server/byte_budget.hpp"
#include "server/handler.hpp"
#include "server/net.hpp"
#include "server/options.hpp"
#include "server/trimmer.hpp"

namespace mi2::server {

/// The open connections. Used on one thread.
class Connections {
 public:
  class Entry {
   public:
    explicit Entry(Connections& all);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    virtual ~Entry();
    /// Ends the connection if no request is on its way.
    virtual void close_if_idle() = 0;

   private:
    Connections& all_;
    std::list<Entry*>::iterator place_;
  };

  Connections(const asio::any_io_executor& executor, Metrics& metrics) : emptied_(executor), metrics_(metrics) {}

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Whether connections end after the request they are at.
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  void drain();
  /// Waits, after drain(), until there are none.
  asio::awaitable<void> wait_until_empty() { return emptied_.wait(); }

 private:
  std::list<Entry*> entries_;
  bool draining_ = false;
  Event emptied_;
  Metrics& metrics_;
};

/// What connections share; it outlives them.
struct ConnectionParts {
  const Options& options;
  Handler& handler;
  ByteBudget& budget;
  Connections& connections;
  Trimmer& trimmer;
};

/// Serves one connection to its end. @param tls  null: plain HTTP.
asio::awaitable<void> serve_connection(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
                                       ConnectionParts parts);

}  // namespace mi2::server
