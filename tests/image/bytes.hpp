#pragma once
// Files made or bent byte by byte, and what the decoder says of them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

#include "image/image.hpp"

namespace mi2::image::testing {

using Bytes = std::vector<std::byte>;

/// The name decode() is given; every message must start with it.
inline constexpr std::string_view kName = "row 3";

/// The image of a file: its middle frame. @throws as open().
Image decode(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name);

struct Refusal {
  std::optional<Code> code;  ///< nullopt: it was decoded
  std::string message;
};

Refusal refusal(const Bytes& bytes, const DecodeOptions& options = {});

Bytes text(std::string_view text);
void put_big(Bytes& bytes, std::size_t at, std::uint32_t value, int size = 4);
void put_little(Bytes& bytes, std::size_t at, std::uint32_t value, int size = 4);
/// Where `what` is; fails the test and returns 0 if nowhere. @param last  the last place, not the first.
std::size_t find(const Bytes& bytes, std::string_view what, bool last = false);

/// A file of tests/image/data.
Bytes fixture(const std::string& file);

std::uint64_t fnv1a(const std::vector<std::uint8_t>& bytes);

}  // namespace mi2::image::testing
