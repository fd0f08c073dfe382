#pragma once
// What of an archive a request is about: items by their numbers, or what a filter lets by.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "archive/cases.hpp"
#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/json.hpp"

namespace mi2::protocols::archives {

/// Rows of an answer that no limit was asked for.
inline constexpr std::size_t kUsualShown = 100;

struct Chosen {
  std::vector<std::uint64_t> items;  ///< not empty: in place of the filter
  std::optional<archive::filter::Expr> where;
  archive::Pooling pooling = archive::Pooling::kImage;
  std::size_t limit = kUsualShown;
};

/// The members items, where, by and limit. @param sent  the body has images, in place of both.
/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}.
Chosen read_chosen(Json& body, const Right& right, bool sent = false);

struct ChosenRow {
  std::uint64_t row = 0;
  std::uint32_t crc = 0;
};

/// The rows of what was chosen, as far as the caller may see them: of items in their order, else by number.
/// @param what  that has been asked for, for errors.
/// @throws Error{kNotFound} for an item that may not be seen; {kTooLarge} for more than kMostCompared.
std::vector<ChosenRow> chosen_rows(archive::Reader& reader, const Right& right, const Chosen& chosen,
                                   std::string_view what);

}  // namespace mi2::protocols::archives
