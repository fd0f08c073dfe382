#pragma once
// Where results of archives may be sent: what the operator names, as the routes of archives use it.

#include <vector>

#include "protocols/archives/push.hpp"
#include "server/options.hpp"

namespace mi2::server {

/// Connects nowhere.
/// @throws Error{kBadArgument} for what is no destination, which does not hold it: it may have a password; {kNotFound},
///         {kBadFile} for a file of credentials or authorities.
std::vector<protocols::archives::Destination> destinations_of(const PushOptions& options);

}  // namespace mi2::server
