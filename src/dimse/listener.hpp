#pragma once
// A service class provider of DICOM's network: storage and verification.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dimse/spool.hpp"

namespace mi2::dimse {

struct ListenerOptions {
  std::string title = "MI2";           ///< of this application entity; others are not answered
  std::string address = "127.0.0.1";   ///< that is listened on
  std::uint16_t port = 11112;          ///< 0: any that is free
  std::vector<std::string> peers;      ///< titles of who may send; empty: everybody
  std::size_t associations = 16;       ///< at once; more are refused for the time being
  std::chrono::seconds idle{60};       ///< how long nothing may come on an association
  std::uint64_t max_object_bytes = 0;  ///< of one object
  /// Whether an object of a study and a series is taken, by their UIDs; from any thread. None: all are.
  std::function<bool(std::string_view study, std::string_view series)> wanted{};
  /// Whether an object is there already, by its UID: its sender hears that it is stored, and it is passed over; from
  /// any thread. None: no object is.
  std::function<bool(std::string_view object)> known{};
};

/// An association that has ended. Nothing of it is a peer's text, which may be anything.
struct AssociationRecord {
  std::uint64_t number = 0;  ///< from 1
  std::string peer;          ///< its title, if it is one of ListenerOptions::peers
  std::uint64_t stored = 0;
  std::uint64_t refused = 0;  ///< objects
  std::uint64_t echoes = 0;
  std::uint64_t bytes = 0;  ///< of what was stored
  double seconds = 0;
  std::string_view outcome;  ///< "released", or why it ended otherwise
};

class Listener {
 public:
  /// Listens from now on. @param on_end  called on threads of its own, one at a time.
  /// @throws Error{kBadArgument} for an address that cannot be used; {kUnsupported} without DCMTK's dictionary.
  Listener(ListenerOptions options, Spool& spool, std::function<void(const AssociationRecord&)> on_end);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  /// The port that was bound.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Serves until a stop is requested. What is being received then is received to its end.
  void run(const std::stop_token& stop);

 private:
  struct Running {
    std::jthread thread;
    std::atomic<bool> done = false;
    bool refused = false;  ///< was told that it is one too many
  };
  void bind();
  void take(int socket, const std::stop_token& stop);
  void serve(int socket, bool full, std::uint64_t number, const std::stop_token& stop);

  ListenerOptions options_;
  Spool& spool_;
  std::function<void(const AssociationRecord&)> on_end_;
  std::mutex ending_;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  std::uint64_t number_ = 0;
  std::list<Running> running_;
};

}  // namespace mi2::dimse
