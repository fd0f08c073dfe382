#pragma once
// The studies of a DICOMweb server.

#include <vector>

#include "base/progress.hpp"
#include "dicomweb/feed.hpp"
#include "dicomweb/source.hpp"

namespace mi2::dicomweb {

/// Asks for the studies that a source means. @throws as Client::ask() and list_studies().
Listing list_studies(Client& client, const ServerSource& source, const base::OnProgress& on_progress);

/// Studies that have something new, one by one, by series; where that fails object by object.
class StudyFeed : public Feed {
 public:
  /// All outlive it. @param spool  null: nothing is fetched, pieces are only counted.
  StudyFeed(const ServerSource& source, Listing listing, Known& known, Spool* spool, const SpoolLimits& limits)
      : source_(source), listing_(std::move(listing)), known_(known), spool_(spool), limits_(limits) {}

  std::optional<Piece> next(Client& client) override;
  [[nodiscard]] std::string_view what() const override { return "studies"; }
  [[nodiscard]] std::size_t total() const override { return listing_.studies.size(); }
  [[nodiscard]] std::size_t looked_at() const override { return next_; }

 private:
  [[nodiscard]] Load what_listing_lacks() const;

  const ServerSource& source_;
  Listing listing_;
  Known& known_;
  Spool* spool_;
  const SpoolLimits& limits_;
  std::atomic<std::size_t> next_{0};
  bool told_ = false;  ///< of what the listing lacks
};

}  // namespace mi2::dicomweb
