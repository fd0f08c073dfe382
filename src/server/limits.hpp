#pragma once
// How large, how many and how slow requests may be: every limit of the server that its operator sets.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mi2::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Limits {
  std::uint32_t header_bytes = 16U << 10;        ///< of a request; more: 431
  std::uint64_t body_bytes = 100ULL << 20;       ///< of a request; more: 413
  std::uint64_t buffered_bytes = 1024ULL << 20;  ///< of all bodies in memory; more: 429
  std::uint64_t decoded_pixels = 250'000'000;    ///< of all images being decoded; more wait
  std::size_t rows = 1024;                       ///< of a request; more: 413
  std::size_t connections = 2048;                ///< at a time; more: 503
};

struct Timeouts {
  seconds header{10};       ///< TLS handshake; a request's header from its first byte
  seconds idle{75};         ///< a connection between two requests
  seconds body{20};         ///< a body or an answer may take this long and a second more per kSlowestBytes
  seconds drain{60};        ///< after SIGTERM
  seconds comparison{300};  ///< of outliers, drift, tags or dups of an archive
};

/// A peer that reads or writes fewer bytes per second is cut off once its grace (Timeouts::body) is used up.
inline constexpr std::size_t kSlowestBytes = 16 * 1024;

}  // namespace mi2::server
