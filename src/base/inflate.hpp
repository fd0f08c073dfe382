#pragma once
// What was compressed with gzip or deflate, within a limit.

#include <cstdint>
#include <string>
#include <string_view>

namespace mi2::base {

/// The bytes of a gzip stream of any number of members, of a zlib stream, or of the raw deflate data that some clients
/// call "deflate".
/// @param limit  of the bytes that come out. @param name  what errors call the stream.
/// @throws Error{kBadArgument} for what is not whole or is followed by other bytes; {kTooLarge} over the limit.
std::string inflate(std::string_view bytes, std::uint64_t limit, std::string_view name);

}  // namespace mi2::base
