#pragma once
// What was received, into an archive: embedded study by study, as mi2 index add does it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/add.hpp"
#include "dimse/kept.hpp"
#include "dimse/spool.hpp"
#include "embedder/inputs.hpp"
#include "energy/meter.hpp"

namespace mi2::dimse {

struct IngestOptions {
  std::string archive;  ///< a folder, or the URL of a database; of the embedder's space
  std::string title;    ///< ours
  Patience patience;
  std::filesystem::path keep;  ///< where objects are kept; empty: they are not
  archive::AddOptions add;     ///< without its functions
  std::string windows{};       ///< that somebody chose, as archive::require_adding(); empty: nobody did
  energy::MeterOptions energy;
};

/// What became of objects that were due.
struct Pass {
  archive::Added added;
  std::string skipped;                           ///< how many had no pixels, by what they are; empty: none
  std::map<std::string, std::uint64_t> reasons;  ///< by name of code: what was refused
  std::uint64_t held = 0;       ///< objects whose turn comes again after Spool::kLater, for no fault of their own
  std::string held_why;         ///< of the first of them: an error, which may name its file
  std::uint64_t set_aside = 0;  ///< objects of `reasons` that the spool keeps
  std::uint64_t dropped = 0;    ///< objects refused before, for which it has no more room
  double seconds = 0;
  std::optional<energy::Account> energy;  ///< of what changed the archive
};

struct IngestEvents {
  std::function<void(const Pass&)> on_pass;
  /// Nothing is lost: it is tried again after so many seconds. Once for the same trouble on end.
  std::function<void(const Error&, std::chrono::seconds)> on_trouble;
};

/// Adds an object to what is to be embedded, or to what has no pixels. That its file cannot be read later is no fault
/// of the object: kOverloaded.  @throws Error{kBadFile}, {kNotFound}.
void find_object(const Spooled& object, const std::string& locator, embedder::FoundFiles& found);

class Ingest {
 public:
  /// @param embedder  outlives it.  @throws Error{kBadFile} if `keep` cannot be made.
  Ingest(Spool& spool, const Embedder& embedder, IngestOptions options, IngestEvents events);

  /// Until a stop is requested: then after the batch that is being computed. What was committed stays, and what was not
  /// stays in the spool.
  void run(const std::stop_token& stop);

 private:
  struct Placed;
  struct Refused;
  /// Adds what is due, and removes it from the spool; all but what waits for a further pass. What was removed has no
  /// file any more.
  Pass pass(std::vector<Spooled>& due, const std::stop_token& stop);
  /// Those whose files are still there.
  void put_back(std::vector<Spooled> due);
  std::vector<Placed> place(std::vector<Spooled>& due, archive::Catalog& catalog);
  /// What is to be embedded of them, and what has no pixels.
  static embedder::ExpandedPaths inputs_of(std::vector<Placed>& placed);
  std::string locator_of(const Spooled& object, archive::Catalog& catalog) const;
  /// What becomes of each, now that what can be added is.
  void settle(const std::vector<Placed>& placed, const Refused& refused, archive::Catalog& catalog, Pass& result);
  void finish(const Placed& placed, bool refused, Pass& result);
  static void hold(Spooled& object, std::string_view why, Pass& result);

  Spool& spool_;
  const Embedder& embedder_;
  IngestOptions options_;
  IngestEvents events_;
  std::optional<KeptObjects> kept_;
  std::uint64_t held_ = 0;  ///< Pass::held of the pass before that had some
};

}  // namespace mi2::dimse
