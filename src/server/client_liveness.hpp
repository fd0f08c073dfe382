#pragma once
// Whether the client of a request that is being computed still waits for its answer.

namespace mi2::server {

/// A connection whose request is read and whose answer is not there yet.
class ClientLiveness {
 public:
  /// What the end of all that the client sends says of it.
  enum class AtEnd {
    kDisconnected,  ///< TLS: whoever ends its half has ended both
    kAsk,           ///< it may have closed one half only, and reads interim answers (RFC 9110, 15.2)
    kStays,         ///< the same, but it would take them for the answer: HTTP/1.0
  };

  /// @param socket  open as long as this lives.
  ClientLiveness(int socket, AtEnd at_end) : socket_(socket), at_end_(at_end) {}

  /// Never blocks. A client that closed and one that closed only its sending half look the same until something is
  /// sent: the first is found disconnected at the second call, once its machine has refused a `100 Continue`.
  [[nodiscard]] bool disconnected();

 private:
  int socket_;
  AtEnd at_end_;
  bool asked_ = false;
};

}  // namespace mi2::server
