#include "dimse/pull/pull.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/slices.hpp"
#include "dicomweb/add_load.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/feed.hpp"
#include "dicomweb/spool.hpp"
#include "dimse/ingest.hpp"
#include "dimse/pull/receiving.hpp"
#include "dimse/pull/requester.hpp"
#include "dimse/pull/studies.hpp"

namespace mi2::dimse {
namespace {

using Clock = std::chrono::steady_clock;
using dicomweb::RunEnds;

/// Objects that are added together, so that small studies share the model's batches.
constexpr std::size_t kTogether = 64;
constexpr unsigned kUnknownDestination = 0xA801;
constexpr unsigned kSubOperationsFailed = 0xB000;

/// Errors of a run name the source.
template <typename Run>
auto named(const PullOptions& options, const Run& run) {
  try {
    return run();
  } catch (const RunEnds& error) {
    throw dicomweb::ServerFault(error.code(), options.source.url, error.what());
  }
}

/// As an association that is lost while studies are listed: nothing else can be asked.
dicomweb::Listing listing_of(const PullOptions& options, const RequesterOptions& requests,
                             const base::OnProgress& on_progress) {
  Requester requester(requests);
  try {
    return list_studies(requester, options.source, on_progress);
  } catch (const Error& error) {
    throw RunEnds(error.code(), fmt::format("the studies cannot be listed: {}", error.what()));
  }
}

KnownObjects known_of(archive::Catalog* catalog, const PullOptions& options, const archive::AddOptions& adding) {
  return {catalog, options.source.root, archive::to_string(adding.survey.slices), adding.survey.left_out};
}

bool all_known(const dicomweb::StudyRow& study, const KnownObjects& known) {
  return study.objects && *study.objects == known.of(study.uid, "");
}

ListenerOptions listener_of(const PullOptions& options, const archive::AddOptions& adding) {
  const std::string& host = options.source.peer.host;
  const bool here = host == "localhost" || host.starts_with("127.");
  ListenerOptions listener;
  listener.title = options.title;
  listener.address = options.address;
  if (listener.address.empty()) listener.address = here ? "127.0.0.1" : "0.0.0.0";
  listener.port = options.port;
  listener.peers = {options.source.peer.aet};
  listener.associations = options.associations;
  listener.max_object_bytes = adding.survey.image.max_file_bytes;
  return listener;
}

/// Why less came than was asked for, in numbers of the peer.
std::string ending_text(const Ending& ending) {
  std::string text = fmt::format("status {:04X}", ending.status);
  if (ending.failed > 0) text += fmt::format(", {} not sent", ending.failed);
  if (ending.warned > 0) text += fmt::format(", {} with a warning", ending.warned);
  return text;
}

class Pulling {
 public:
  Pulling(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
          const archive::AddOptions& adding)
      : archive_(archive),
        embedder_(embedder),
        options_(options),
        adding_(adding),
        known_(known_of(&archive.catalog(), options, adding)),
        requests_{options.source.peer, options.title, [this] { show(); }},
        committed_(archive.folder(), archive::Catalog::Access::kRead),
        stored_(&committed_, archive::to_string(adding.survey.slices), adding.survey.left_out),
        receiving_(archive.folder(), options.max_spool, passing_over_known(listener_of(options, adding))) {
    // Of a study's own steps nobody needs to see each.
    adding_.survey.on_progress = [this](const base::Progress&) { show(); };
    adding_.on_progress = adding_.survey.on_progress;
  }

  archive::Added run() {
    const dicomweb::Listing listing = listing_of(options_, requests_, user_progress_);
    note_listing(listing);
    total_ = listing.studies.size();
    try {
      for (const dicomweb::StudyRow& study : listing.studies) {
        show();
        visit(study);
        ++done_;
        if (load_.paths.inputs.size() >= kTogether || load_.bytes >= options_.max_spool / 4) add();
      }
    } catch (const RunEnds&) {
      add();  // what came before
      throw;
    }
    add();
    return added_;
  }

 private:
  /// What the archive has need not wait in the spool again, so that a series larger than that comes in several runs.
  /// With a choice of slices it has to: which are chosen depends on all of them.
  ListenerOptions passing_over_known(ListenerOptions listener) {
    if (!stored_.all_slices()) return listener;
    listener.known = [this](std::string_view object) { return stored_.has(locator(std::string(object))); };
    return listener;
  }

  void show() const {
    if (user_progress_) user_progress_({"studies", done_, total_});
  }

  [[nodiscard]] std::string locator(const std::string& below) const {
    return fmt::format("{}/{}", options_.source.root, below);
  }

  void refuse(const std::string& below, std::string_view why) {
    load_.refuse(locator(below), Error(Code::kBadFile, std::string(why)));
  }

  /// What could not be listed is refused by name, in a row of its own.
  void note_listing(const dicomweb::Listing& listing) {
    load_.visited.push_back(locator("studies"));
    if (const std::string what = what_lacks(listing); !what.empty()) refuse("studies", what);
  }

  void visit(const dicomweb::StudyRow& study) {
    load_.visited.push_back(locator(study.uid));
    if (all_known(study, known_)) return;
    try {
      Requester requester(requests_);
      const NewOfStudy fresh = look_into(requester, study, options_.source.filter, known_);
      if (study.objects && fresh.seen < *study.objects) {
        refuse(study.uid,
               fmt::format("the peer counts {} objects of the study, and lists {}", *study.objects, fresh.seen));
      }
      for (const NewSeries& series : fresh.series) move(requester, study.uid, series);
    } catch (const RunEnds&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      // An association that is lost costs the study; what came of it is added.
      take(study.uid);
      refuse(study.uid, error.what());
    }
  }

  void move(Requester& requester, const std::string& study, const NewSeries& series) {
    came_.clear();
    arrivals_ = 0;
    receiving_.expect(study, series.uid);
    const Keys keys{study, series.uid, {}, {}};
    const Ending ending = requester.move(series.uid.empty() ? Level::kStudy : Level::kSeries, keys,
                                         [this] { return receiving_.arrived(); });
    if (ending.status == kUnknownDestination) {
      throw RunEnds(Code::kUnsupported,
                    fmt::format("the peer does not know {} as the destination of a move (status A801): expected that "
                                "its configuration has this AE title with this machine's address and port {}",
                                options_.title, options_.port));
    }
    take(study);
    if (ending.status == 0 && ending.failed == 0) wait_for_rest(study, series, ending);
    receiving_.expect({}, {});
    compare(study, series, ending);
  }

  /// Some peers answer before all that they send has come.
  void wait_for_rest(const std::string& study, const NewSeries& series, const Ending& ending) {
    constexpr auto kQuiet = std::chrono::seconds(5);
    constexpr auto kStep = std::chrono::milliseconds(100);
    Clock::time_point last = Clock::now();
    while (missing(series, ending) > 0 && Clock::now() - last < kQuiet) {
      if (receiving_.arrived() > 0) {
        take(study);
        last = Clock::now();
      }
      show();
      std::this_thread::sleep_for(kStep);
    }
  }

  /// How many objects have not come, of those that were listed or counted, or that the peer says it has sent.
  [[nodiscard]] std::uint64_t missing(const NewSeries& series, const Ending& ending) const {
    std::uint64_t count = 0;
    for (const std::string& object : series.objects) count += came_.contains(object) ? 0 : 1;
    if (series.counted && came_.size() < *series.counted) count += *series.counted - came_.size();
    return std::max(count, ending.completed - std::min(ending.completed, arrivals_));
  }

  /// What came against what was listed or counted, and against what the peer says that it did.
  void compare(const std::string& study, const NewSeries& series, const Ending& ending) {
    const std::string below = series.uid.empty() ? study : fmt::format("{}/{}", study, series.uid);
    if (const std::uint64_t lacks = missing(series, ending); lacks > 0) {
      return refuse(below, fmt::format("{} objects did not come ({})", lacks, ending_text(ending)));
    }
    if (ending.failed > 0 || (ending.status != 0 && ending.status != kSubOperationsFailed)) {
      return refuse(below, fmt::format("the move ended with {}", ending_text(ending)));
    }
    if (ending.warned > 0) refuse(below, fmt::format("the move ended with {}", ending_text(ending)));
  }

  /// Takes over what has come of a study.
  void take(const std::string& study) {
    for (std::string& object : receiving_.take_known()) {
      came_.insert(std::move(object));
      ++arrivals_;
    }
    embedder::FoundFiles found(load_.paths);
    for (Spooled& object : receiving_.take()) {
      came_.insert(object.sop_uid);
      ++arrivals_;
      const std::string name = locator(object.sop_uid);
      // The same object twice, or of two studies: the first one counts, the other comes with the next run.
      if (object.study == study && names_.insert(name).second) {
        find_object(object, name, found);
        load_.bytes += object.size;
      }
      spooled_.push_back(std::move(object));
    }
  }

  void add() {
    added_ += dicomweb::add_load(archive_, embedder_, {load_.paths, load_.visited, load_.cursor},
                                 {"dimse", options_.source.url}, adding_);
    for (const Spooled& object : spooled_) receiving_.remove(object);
    spooled_.clear();
    names_.clear();
    load_ = {};
  }

  archive::Writer& archive_;
  const Embedder& embedder_;
  const PullOptions& options_;
  archive::AddOptions adding_;
  base::OnProgress user_progress_ = adding_.on_progress;
  KnownObjects known_;
  RequesterOptions requests_;
  archive::Catalog committed_;  ///< for the listener's threads
  dicomweb::Known stored_;
  Receiving receiving_;
  dicomweb::Load load_;
  std::vector<Spooled> spooled_;           ///< of what is to be added
  std::unordered_set<std::string> names_;  ///< locators of those
  std::unordered_set<std::string> came_;   ///< SOP instance UIDs of a move
  std::uint64_t arrivals_ = 0;             ///< objects of it, one that came twice counted twice
  std::size_t done_ = 0;
  std::size_t total_ = 0;
  archive::Added added_;
};

}  // namespace

archive::Added pull(archive::Writer& archive, const Embedder& embedder, const PullOptions& options,
                    const archive::AddOptions& adding) {
  return named(options, [&] { return Pulling(archive, embedder, options, adding).run(); });
}

dicomweb::Preview preview(archive::Catalog* catalog, const PullOptions& options, const archive::AddOptions& adding) {
  return named(options, [&] {
    dicomweb::Preview found;
    const auto show = [&] {
      if (adding.on_progress) adding.on_progress({"studies", found.listed, 0});
    };
    const RequesterOptions requests{options.source.peer, options.title, show};
    const dicomweb::Listing listing = listing_of(options, requests, adding.on_progress);
    const KnownObjects known = known_of(catalog, options, adding);
    for (const dicomweb::StudyRow& study : listing.studies) {
      ++found.listed;
      show();
      if (all_known(study, known)) continue;
      Requester requester(requests);
      found.fresh += look_into(requester, study, options.source.filter, known).series.empty() ? 0 : 1;
    }
    return found;
  });
}

}  // namespace mi2::dimse
