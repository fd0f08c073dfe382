#pragma once
// What was compressed with gzip or deflate, within a limit.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace mi2::base {

/// The bytes of a gzip stream of any number of members, of a zlib stream, or of the raw deflate data that some clients
/// call "deflate".
/// @param limit  of the bytes that come out. @param name  what errors call the stream.
/// @throws Error{kBadArgument} for what is not whole or is followed by other bytes; {kTooLarge} over the limit.
std::string inflate(std::string_view bytes, std::uint64_t limit, std::string_view name);

/// As inflate, handed over piece by piece, for what is larger than memory.
/// @throws Error{kBadFile} for what is broken, cut or followed by other bytes; {kTooLarge} over the limit.
void inflate_pieces(std::string_view bytes, std::uint64_t limit, std::string_view name,
                    const std::function<void(std::string_view piece)>& use);

/// The first bytes of a gzip or zlib stream.
/// @returns how many of `out` were filled: fewer than all if the stream ends or is broken before.
std::size_t inflate_some(std::string_view bytes, std::span<char> out);

/// Fills `out` with the first bytes of a gzip stream of any number of members, or of a zlib stream, whose checksums are
/// checked to its end. What follows `out` in it is passed over, at most as much again; what follows the stream, too.
/// @throws Error{kBadFile} if it is broken or ends before `out` is full, {kTooLarge} if more follows.
void inflate_start(std::string_view bytes, std::span<char> out, std::string_view name);

}  // namespace mi2::base
