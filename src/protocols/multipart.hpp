#pragma once
// multipart/form-data (RFC 7578), as curl -F, browsers and Python's requests send files.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::protocols {

struct Part {
  std::string name;  ///< of the field
  std::string body;
};

/// Whether a content type is multipart/form-data.
bool is_multipart(std::string_view media_type);

/// The parts of a body, in order.
/// @param content_type  the whole header, which names the boundary.
/// @param most  parts.
/// @throws Error{kBadArgument} for a body that is not whole, or a part without a name; {kTooLarge} for more parts.
std::vector<Part> parse_multipart(std::string_view body, std::string_view content_type, std::size_t most);

}  // namespace mi2::protocols
