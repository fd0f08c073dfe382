#pragma once
// What the operator of a server decides.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>

#include "server/limits.hpp"

#include "protocols/archive_routes.hpp"

namespace mi2::server {

struct ModelSpec {
  std::string name;
  std::filesystem::path path;
  std::filesystem::path lora{};  ///< as EmbedderOptions::lora
};

/// How requests share forward passes.
struct BatchOptions {
  std::size_t max_batch = 8;        ///< images of a forward pass
  std::size_t max_text_batch = 32;  ///< texts of a forward pass
  milliseconds max_wait{2};         ///< that the first row of a batch waits for others
  std::size_t max_queue = 1024;     ///< images, and texts, that wait for a forward pass of one model
};

/// Images that a request names by URL.
struct UrlOptions {
  std::vector<std::string> hosts;       ///< "host" (ports 80 and 443) or "host:port", lower case; empty: none
  bool allow_private = false;           ///< also addresses that are not public: loopback, private, link-local
  seconds timeout{10};                  ///< for one image
  std::uint64_t max_bytes = 32U << 20;  ///< of one image
  std::size_t requests = 16;            ///< whose images are fetched at a time
};

/// Where results of archives may be sent.
struct PushSpec {
  std::string name;
  std::string where;                    ///< "dimse:AET@HOST:PORT" or "stow:URL"
  std::filesystem::path credentials{};  ///< of a STOW-RS server: a file
};

struct PushOptions {
  std::vector<PushSpec> targets;
  std::string own_aet = "MI2";    ///< this program's application entity title
  std::filesystem::path ca_file;  ///< PEM; empty: the system's authorities
};

/// A reverse proxy that says who asks.
struct ProxyOptions {
  std::string user_header;             ///< the name of the header with the user; empty: none is read
  std::string groups_header;           ///< with the user's groups; empty: none is read
  std::vector<std::string> trusted;    ///< addresses and networks that it is believed from
  std::filesystem::path secret;        ///< a file with what else the proxy has to show; empty: nothing
  std::string groups_separator = ",";  ///< between two groups: one character
};

struct Options {
  std::vector<ModelSpec> models;  ///< the first is what a request that names none means
  EmbedderOptions embedder;
  std::vector<Device> devices{Device{}};  ///< each computes for every model
  std::string host = "127.0.0.1";
  std::uint16_t port = 5001;  ///< 0: any free one
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::filesystem::path api_keys;  ///< empty: everyone may ask
  ProxyOptions proxy;
  std::vector<protocols::ArchiveSpec> archives;
  std::filesystem::path archive_rights;  ///< empty: whoever may ask may search
  std::filesystem::path audit;           ///< the folder of the audit list of archives; empty: none is kept
  protocols::ArchiveAdding archive_adding;
  PushOptions push;
  std::string viewer_url;                 ///< as protocols::Service::viewer_url
  std::vector<std::string> cors_origins;  ///< "*": every one
  Profile score_profile = Profile::kAzure;
  bool legacy_shape = false;
  unsigned workers = 0;  ///< threads that parse, decode and render; 0: one per core
  Limits limits;
  BatchOptions batch;
  Timeouts timeouts;
  UrlOptions urls;
  int cut_status = 1;  ///< what the process ends with if the drain's time or a second signal cuts requests
};

}  // namespace mi2::server
