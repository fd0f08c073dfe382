#pragma once
// An association with a PACS that is asked: C-FIND and C-MOVE of the Study Root (PS3.4 annex C).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dicom/results/peer.hpp"

namespace mi2::dimse {

enum class Level : std::uint8_t { kStudy, kSeries, kObject };

/// What is asked for: of the levels above the one that is asked for, UIDs; of that one and those below, nothing.
struct Keys {
  std::string study;
  std::string series;
  std::string date;      ///< of Level::kStudy: "20200131" or "20200101-20201231"; empty: any
  std::string modality;  ///< of Level::kStudy: that is in the study; empty: any
};

/// A row of an answer, as the peer has it: anything may stand in it.
struct Found {
  std::string study, series, object;  ///< UIDs
  std::string date;
  std::vector<std::string> modalities;   ///< of a study or series
  std::optional<std::uint64_t> objects;  ///< how many a study or series has
};

/// How a request ended. Numbers of a C-MOVE are of objects.
struct Ending {
  unsigned status = 0;  ///< 0: as it should
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  std::uint64_t warned = 0;
};

struct RequesterOptions {
  dicom::results::Peer peer;
  std::string title;  ///< ours
  /// Called about every second while the peer is waited for; what it throws is thrown, and ends the association.
  std::function<void()> on_wait;
};

class Requester {
 public:
  /// Connects. `options` outlives it.
  /// @throws dicomweb::RunEnds if the peer cannot be reached, refuses, or offers neither C-FIND nor C-MOVE.
  explicit Requester(const RequesterOptions& options);
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;
  /// Releases the association, or aborts one that was left in the middle of something.
  ~Requester();

  /// Hands over the rows of an answer as they come.
  /// @throws Error{kBadFile} if the connection is lost or the peer is silent for a minute; what `on_row` throws. Then
  ///         nothing more can be asked on this association.
  Ending find(Level level, const Keys& keys, const std::function<void(const Found&)>& on_row);
  /// Has a study or a series sent to our title. @param arrived  how many objects have come so far: while that grows or
  /// the peer says something, it is waited for; five minutes without either are too many.  @throws as find().
  Ending move(Level level, const Keys& keys, const std::function<std::uint64_t()>& arrived);

 private:
  struct Association;
  const RequesterOptions& options_;
  std::unique_ptr<Association> association_;
};

}  // namespace mi2::dimse
