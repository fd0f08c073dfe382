#pragma once
// What a connection over TLS needs: the certificate and its key.

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "server/net.hpp"
#include "server/options.hpp"

namespace mi2::server {

/// TLS 1.2 or newer with a certificate chain and its key, both PEM.
/// @throws Error{kNotFound}, {kBadFile} naming the file.
std::shared_ptr<asio::ssl::context> open_tls(const Options& options);

}  // namespace mi2::server
