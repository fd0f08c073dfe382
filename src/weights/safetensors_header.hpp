#pragma once
// The JSON header of a safetensors file, before its byte ranges are checked against the file.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::weights {

/// The header's length, before the header.
inline constexpr std::uint64_t kLengthBytes = 8;

/// One tensor as the header states it.
struct HeaderRow {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
};

struct Header {
  std::vector<HeaderRow> rows;
  std::map<std::string, std::string> metadata;
};

/// @param file  what errors call the file.
/// @throws Error{kBadFile} unless `json` is one object of tensors, each with dtype, shape and two data_offsets, and an
///         optional __metadata__ of strings; no key may appear twice and no other key at all.
Header parse_header(std::string_view json, std::string_view file);

}  // namespace mi2::weights
