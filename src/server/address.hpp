#pragma once
// Which addresses a server may be sent to by the URL in a request.

#include "server/net.hpp"

namespace mi2::server {

/// Whether an address is one of the public internet: not loopback, private, link-local, shared, multicast, reserved or
/// for documentation, nor an IPv6 form that carries such an IPv4 address.
/// Source: the IANA special-purpose address registries (RFC 6890 and its updates).
bool is_public(const asio::ip::address& address);

}  // namespace mi2::server
