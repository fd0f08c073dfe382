#pragma once
// Where a search goes on: what a client gets with a page and sends back for the next one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "archive/search.hpp"

namespace mi2::protocols::archives {

/// Nothing in it is secret, and nothing that is made up does more than give another page.
struct Cursor {
  std::int64_t at = 0;    ///< snapshot of the first page
  std::size_t shown = 0;  ///< results so far
  archive::After last;
  std::string query;  ///< of which search it is
};

std::string to_text(const Cursor& cursor);
/// @param most  results that may have been shown.
/// @throws Error{kBadArgument} for anything that to_text() did not make.
Cursor parse_cursor(std::string_view text, std::size_t most);

}  // namespace mi2::protocols::archives
