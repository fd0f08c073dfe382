#pragma once
// Archives over HTTP: the seam to src/protocols/archives, a room of its own, so that programs without SQLite have all
// other protocols.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/request_plan.hpp"
#include "protocols/routes.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// An archive that is served.
struct ArchiveSpec {
  std::string name;
  std::filesystem::path folder;
  std::filesystem::path cards{};  ///< a folder where cards of its searches are kept; empty: none is
  std::filesystem::path heads{};  ///< a folder where heads that are trained on it are kept; empty: none is trained
  std::string drift{};            ///< a filter of what its stations are compared with; empty: they are not
  std::chrono::seconds drift_every{3600};  ///< at most as often, and only after a change
};

/// How files are added that clients send.
struct ArchiveAdding {
  std::string identifiers = "hash";  ///< of patients and visits: as `mi2 index add --identifiers`
  int thumbnail = 192;               ///< the longer side of thumbnails, pixels; 0: none are kept
  unsigned threads = 2;              ///< that read and decode
};

enum class ArchiveRoute : std::uint8_t {
  kList,
  kInfo,
  kStats,
  kFacets,
  kRefused,
  kItem,
  kThumb,
  kPixels,
  kNeighbours,
  kHeatmap,
  kMap,
  kMapTile,
  kMapLegend,
  kSearch,
  kStudy,
  kSimilarity,
  kMatches,
  kMakeCard,
  kCard,
  kReplay,
  kPush,
  kPushTags,
  kRemoveStudy,
  kOutliers,
  kDrift,
  kTags,
  kDups,
  kClassify,
  kAudit,
  kAddItems,
  kAddLabels,
  kStoreStudies,
  kStoreStudy,
  kHeads,
  kTrainHead,
  kHead,
  kHeadFile,
  kApplyHead,
  kRemoveHead,
};

/// How what is answered of an archive in a database stands to that database.
struct ArchiveFollowing {
  std::string name;
  bool answers = true;  ///< the database did, when it was last asked
  double seconds = 0;   ///< since what is answered was seen to be as new as the database
  std::string error;    ///< why it was not; it may name the database and files
};

/// How the images of an archive's stations differ from its reference: ArchiveSpec::drift.
struct ArchiveDrift {
  struct Station {
    std::string name;   ///< empty: of images that name none
    double energy = 0;  ///< the distance
    double p = 1;       ///< over all stations
  };
  std::string archive;
  bool failed = false;  ///< nothing could be compared
  std::vector<Station> stations;
};

/// Every function may be called from any thread.
class ArchiveDrifts {
 public:
  ArchiveDrifts() = default;
  ArchiveDrifts(const ArchiveDrifts&) = delete;
  ArchiveDrifts& operator=(const ArchiveDrifts&) = delete;
  virtual ~ArchiveDrifts() = default;

  /// Of each archive that was compared, or could not be.
  [[nodiscard]] virtual std::vector<ArchiveDrift> now() const = 0;
  /// `tell` hears why an archive cannot be compared, from any thread, once for each reason on end. The error may name
  /// files.
  virtual void on_failure(std::function<void(const std::string& archive, const std::string& error)> tell) = 0;
  /// No more is compared, and what is under way ends soon.
  virtual void end() = 0;
};

class ArchiveRoutes {
 public:
  ArchiveRoutes() = default;
  ArchiveRoutes(const ArchiveRoutes&) = delete;
  ArchiveRoutes& operator=(const ArchiveRoutes&) = delete;
  virtual ~ArchiveRoutes() = default;

  /// As Route::parse.
  [[nodiscard]] virtual RequestPlan parse(ArchiveRoute route, const Service& service, HttpRequest request,
                                          const PathParameters& parameters) const = 0;
  /// From now on callers have the rights of this file. May be called while requests are parsed.
  /// @throws Error{kNotFound}, {kBadFile}: then the rights stay as they were.
  virtual void use_rights(const std::filesystem::path& file) = 0;
  /// Archives whose folders have become others since, as when a link is replaced, are served as they are now; what runs
  /// ends on those that were there before. Not to be called twice at a time.
  /// @returns the names of those that have changed.
  /// @throws Error{kBadFile}, {kNotFound}, {kUnsupported} unless each is the same archive, one made of it by `mi2 index
  ///         reembed`, or what it was made of: then all stay as they were.
  virtual std::vector<std::string> follow() = 0;
  /// Of each archive that is in a database.
  [[nodiscard]] virtual std::vector<ArchiveFollowing> following() const = 0;
  /// `tell` hears of each that stops to answer or answers again, from any thread, and now of those that do not answer.
  virtual void on_following(std::function<void(const ArchiveFollowing&)> tell) = 0;
  [[nodiscard]] virtual ArchiveDrifts& drifts() const = 0;
  /// Whether a caller may search every row of every archive, and so may know how many there are.
  [[nodiscard]] virtual bool sees_all(std::string_view caller) const = 0;
  /// Whether an archive of this name is served.
  [[nodiscard]] virtual bool serves(std::string_view name) const = 0;
  /// What stands for a study's identifier in the audit list: the same for the same one, and nobody can compute it
  /// without the archive. @param name  of an archive that is served.
  [[nodiscard]] virtual std::string study_name(std::string_view name, std::string_view study) const = 0;
};

/// What the audit list calls requests of a route, as "search". @param route  Route::name.
/// @returns an empty text for a route that asks no archive.
std::string_view archive_event(std::string_view route) noexcept;
/// All names that requests have in the audit list, each once.
std::span<const std::string> archive_events();

/// Route::parse of the archives that are served.
/// @throws Error{kNotFound} if there are none.
RequestPlan ask_archives(ArchiveRoute route, const Service& service, HttpRequest request,
                         const PathParameters& parameters);

}  // namespace mi2::protocols
