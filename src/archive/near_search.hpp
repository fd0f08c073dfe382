#pragma once
// A search that the database of a shared archive answers by its index of pgvector, without a replica. What it returns
// is right; it may miss what is nearer.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/format.hpp"
#include "archive/near_table.hpp"
#include "archive/query.hpp"
#include "archive/search.hpp"
#include "archive/shared_database.hpp"

namespace mi2::archive {

/// One snapshot of the database.
class NearArchive {
 public:
  /// @throws as postgres::parse_place() and SharedDatabase; Error{kNotFound} without an archive; {kUnsupported} if it
  ///         has no index of pgvector.
  explicit NearArchive(const std::string& url);

  [[nodiscard]] const Format& format() const noexcept { return format_; }
  [[nodiscard]] const std::string& key() const noexcept { return head_.key; }

  /// As the functions of these names for a Reader.
  std::vector<QueryPart> stored_parts(const StoredQuery& query);
  void add_made(std::vector<MadePart> made, std::vector<QueryPart>& parts);

  /// @param options  of which only k, by, same_patient, match, where and min_score are heeded.
  /// @returns what was found, never exact; `searched` is how many candidates the index gave. Scores are those of the
  ///          vectors themselves. @throws as search().
  SearchAnswer search(std::span<const QueryPart> parts, const SearchOptions& options);

 private:
  SharedDatabase database_;
  SharedHead head_;
  Format format_;
  std::optional<NearTable> table_;
  postgres::Transaction snapshot_;  ///< the first to go
};

}  // namespace mi2::archive
