#pragma once
// Which associations are accepted, and which of what they propose. Shows DCMTK: private to this room.

#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

#include "dimse/listener.hpp"

namespace mi2::dimse {

/// Answers a request for an association.
/// @param full  there are as many as are served at once.
/// @returns "" if it is accepted, else why not: one of a few words, none of the peer's.
std::string_view negotiate(T_ASC_Association& association, const ListenerOptions& options, bool full);

}  // namespace mi2::dimse
