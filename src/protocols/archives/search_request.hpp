#pragma once
// What a client searches for: read from JSON, and made vectors of.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/served.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/archives/search_image.hpp"
#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

inline constexpr std::size_t kMostResults = 1000;  ///< of a page
inline constexpr std::size_t kMostShown = 10'000;  ///< of all pages
inline constexpr std::size_t kMostParts = 64;      ///< texts, images, .. of a search

/// One thing that is searched for.
struct AskedPart {
  enum class Kind : std::uint8_t { kText, kImage, kItem, kSeries, kStudy, kVector };
  Kind kind = Kind::kText;
  bool away = false;      ///< looked away from
  std::size_t place = 0;  ///< of a text or an image, in the Work; of a vector, in its list
  std::uint64_t item = 0;
  std::string uid;  ///< of a series or a study
  std::vector<float> vector;
  std::shared_ptr<SeenImage> image{};  ///< of an image; of one by its URL filled once that was read
  std::string region{};                ///< of an image: the part of it, as embedder::to_string() has it
  std::string text{};                  ///< of a search that is carded
};

struct AskedSearch {
  std::vector<AskedPart> parts;
  archive::SearchOptions options;
  std::string query;  ///< the same for all pages of a search: a hash
  Work work;
};

/// The members of a body that say what is searched for: text, item, not_text, .., and site.
std::span<const std::string> query_members();

/// Whether a card is to say what was searched for.
enum class Carded : bool { kNo, kYes };

/// @param body  an object.
/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}; {kBadFile} for an
///         image; {kOverloaded} while models are loaded.
AskedSearch read_search(const Service& service, const archive::Served& served, const Right& right, Json body,
                        Carded carded = Carded::kNo);

/// The number of an item, or its digits. @throws Error{kBadArgument}.
std::uint64_t read_item(const Json& value, const std::string& name);
/// The filter of a request. @throws as archive::filter::parse(); {kBadArgument} for a path without the right.
archive::filter::Expr read_where(const Json& where, const Right& right);
/// Whether a filter asks for nothing that takes the right to see paths, or the right is there.
bool may_filter(const archive::filter::Expr& where, const Right& right);

/// @param vectors  of AskedSearch::work.
/// @throws Error{kNotFound} for an item, series or study that is not there, or may not be seen.
std::vector<archive::QueryPart> query_parts(archive::Reader& reader, const AskedSearch& asked, const Vectors& vectors);

}  // namespace mi2::protocols::archives
