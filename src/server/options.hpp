#pragma once
// What the operator of a server decides.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>

namespace mi2::server {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ModelSpec {
  std::string name;
  std::filesystem::path path;
};

/// How requests share forward passes.
struct BatchOptions {
  std::size_t max_batch = 8;        ///< images of a forward pass
  std::size_t max_text_batch = 32;  ///< texts of a forward pass
  milliseconds max_wait{2};         ///< that the first row of a batch waits for others
  std::size_t max_queue = 1024;     ///< images, and texts, that wait for a forward pass of one model
};

struct Timeouts {
  seconds header{10};  ///< TLS handshake; a request's header from its first byte
  seconds idle{75};    ///< a connection between two requests
  seconds body{20};    ///< a body or an answer may take this long and a second more for each kSlowestBytes
  seconds drain{60};   ///< after SIGTERM
};

/// A peer that reads or writes fewer bytes a second is cut off once its grace (Timeouts::body) is used up.
inline constexpr std::size_t kSlowestBytes = 16 * 1024;

/// Pictures that a request names by URL.
struct UrlOptions {
  std::vector<std::string> hosts;       ///< "host" (ports 80 and 443) or "host:port", lower case; empty: none
  bool allow_private = false;           ///< also addresses that are not public: loopback, private, link-local
  seconds timeout{10};                  ///< for one picture
  std::uint64_t max_bytes = 32U << 20;  ///< of one picture
};

struct Options {
  std::vector<ModelSpec> models;  ///< the first is what a request that names none means
  EmbedderOptions embedder;
  std::string host = "127.0.0.1";
  std::uint16_t port = 5001;  ///< 0: any free one
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::filesystem::path api_keys;         ///< empty: everyone may ask
  std::vector<std::string> cors_origins;  ///< "*": every one
  Profile score_profile = Profile::kAzure;
  bool legacy_shape = false;
  unsigned workers = 0;                        ///< threads that parse, decode and render; 0: one per core
  std::uint64_t max_body = 100ULL << 20;       ///< bytes
  std::uint64_t max_buffered = 1024ULL << 20;  ///< bytes of all bodies in memory
  std::uint32_t max_header = 16U << 10;        ///< bytes
  std::size_t max_rows = 1024;                 ///< of one request
  std::size_t max_connections = 2048;
  BatchOptions batch;
  Timeouts timeouts;
  UrlOptions urls;
  int cut_status = 1;  ///< what the process ends with if the drain's time or a second signal cuts requests
};

}  // namespace mi2::server
