#pragma once
// The studies of a PACS, and what of one is not in the archive.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/object_filter.hpp"
#include "base/progress.hpp"
#include "dicomweb/listing.hpp"
#include "dimse/pull/requester.hpp"
#include "dimse/pull/source.hpp"

namespace mi2::dimse {

/// Asks for all studies that a source means, by windows of dates where an answer may be cut.
/// @throws as dicomweb::list_studies() and Requester::find().
dicomweb::Listing list_studies(Requester& requester, const PeerSource& source, const base::OnProgress& on_progress);

/// What the archive knows.
struct KnownObjects {
  archive::Catalog* catalog = nullptr;         ///< null: there is no archive yet
  std::string root;                            ///< PeerSource::root
  std::string slices;                          ///< archive::Slices as text
  const archive::LeftOut* left_out = nullptr;  ///< what need not come again either; null: nothing

  [[nodiscard]] std::uint64_t of(const std::string& study, const std::string& series) const;
  [[nodiscard]] bool has(const std::string& object) const;
};

/// A series that has something new, or might have.
struct NewSeries {
  std::string uid;                       ///< empty: all of the study, whose series the peer does not list
  std::vector<std::string> objects;      ///< UIDs of what is listed and not in the archive
  std::optional<std::uint64_t> counted;  ///< objects that it has, where they are not listed
};

struct NewOfStudy {
  std::vector<NewSeries> series;
  std::uint64_t seen = 0;  ///< objects that are listed or counted
};

/// Asks for the lists of a study, as far as its numbers do not say that everything is in the archive.
/// @throws Error{kTooLarge} for more rows than anybody has; {kBadFile} for a status; as Requester::find().
NewOfStudy look_into(Requester& requester, const dicomweb::StudyRow& study, const dicomweb::Filter& filter,
                     const KnownObjects& known);

}  // namespace mi2::dimse
