#pragma once
// Labels in the report's plots and tables.

#include <string>
#include <string_view>

namespace mi2::adapter {

/// At most 28 bytes of UTF-8, cut between characters, with ".." where something is missing.
std::string short_label(std::string_view label);

}  // namespace mi2::adapter
