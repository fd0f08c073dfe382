#pragma once
// multipart/form-data (RFC 7578), as curl -F, browsers and Python's requests send files, and multipart/related
// (RFC 2387), as DICOMweb does.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::protocols {

struct Part {
  std::string name;  ///< of the field; of multipart/related: empty
  std::string body;
};

/// Whether a content type is multipart/form-data.
bool is_multipart(std::string_view media_type);

/// The parts of a body, in order.
/// @param content_type  the whole header, which names the boundary.
/// @param most  parts.
/// @throws Error{kBadArgument} for a body that is not whole, or a part without a name; {kTooLarge} for more parts.
std::vector<Part> parse_multipart(std::string_view body, std::string_view content_type, std::size_t most);

/// The same of multipart/related; type="TYPE".
/// @throws also Error{kUnsupported} for another content type.
std::vector<Part> parse_related(std::string_view body, std::string_view content_type, std::string_view type,
                                std::size_t most);

}  // namespace mi2::protocols
