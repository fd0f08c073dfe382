#pragma once
// Text inside the report.

#include <string>
#include <string_view>

namespace mi2::adapter {

/// At most 28 bytes of UTF-8, cut between characters, with ".." where something is missing.
std::string shortened(std::string_view text);

}  // namespace mi2::adapter
