#pragma once
// The probabilities of a head's labels, of what of an archive was chosen.

#include <cstddef>
#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapter/adapter.hpp"
#include "archive/reader.hpp"
#include "protocols/archives/chosen.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/json.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// Which of what was chosen comes first.
enum class Order : std::uint8_t {
  kItem,       ///< by number
  kUncertain,  ///< the smallest margin of the likeliest label over the next
  kProbable,   ///< the highest probability of one label
};

struct Applying {
  Chosen chosen;
  std::set<std::uint64_t> left_out;
  Order order = Order::kItem;
  std::string label;  ///< kProbable
};

/// A label, or a name. @throws Error{kBadArgument}; {kTooLarge} over kMostLabelBytes.
std::string take_label(Json& value, std::string_view name);

/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}.
Applying read_applying(Json& body, const Right& right);

struct Applied {
  std::size_t chosen = 0;
  std::size_t shown = 0;
  std::string json;  ///< "labels": .. to "results": .., without braces
};

/// @param adapter  of two labels or more, for the archive's vectors.
/// @throws as chosen_rows(); Error{kBadArgument} for a label that is none of the adapter's; {kTooLarge}; {kInternal}
/// once
///         a stop was requested.
Applied apply(archive::Reader& reader, const Right& right, const adapter::Adapter& adapter, const Applying& applying,
              const Limits& limits, const std::stop_token& stop);

}  // namespace mi2::protocols::archives
