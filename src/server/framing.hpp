#pragma once
// Where a request ends, by RFC 9112. Whoever stands before the server must see the same end, or one client's bytes
// become another one's request.

#include <string_view>

#include "server/message.hpp"

namespace mi2::server {

/// What is wrong with a header that was read whole: its folding, Host, Content-Length and Transfer-Encoding. Nothing
/// after such a header can be trusted: the connection has to end.
/// @param head    the header's bytes as they came. The parser joins folded lines.
/// @param parser  that read them.
/// @returns a refusal with 400 or 501; status 0: the parser reads the body as the header says.
Refusal framing_fault(std::string_view head, const Parser& parser);

}  // namespace mi2::server
