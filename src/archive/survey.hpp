#pragma once
// What the files that are to be added hold, and which of it is new. Nothing is decoded.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "archive/catalog.hpp"
#include "archive/filter/filter.hpp"
#include "archive/slices.hpp"
#include "archive/tiling.hpp"
#include "base/progress.hpp"
#include "embedder/inputs.hpp"
#include "image/source.hpp"

namespace mi2::archive {

enum class Identifiers : std::uint8_t {
  kHash,  ///< keyed pseudonyms
  kKeep,  ///< and the identifiers themselves
  kNone,  ///< nothing of the patient at all
};
/// @throws Error{kBadArgument} for anything but "hash", "keep" and "none".
Identifiers parse_identifiers(std::string_view name);

/// What an object says of itself.
struct ObjectFacts {
  PatientFacts patient;
  StudyFacts study;
  SeriesFacts series;
  InstanceFacts instance;
};

struct SurveyedFile {
  enum class Kind : std::uint8_t {
    kUnchanged,  ///< nothing to do
    kTouched,    ///< the same content with another time
    kStored,     ///< its object is in the archive; other slices may be chosen now
    kNew,
    kChanged,   ///< other content than what is in the archive of this file, which goes
    kMoved,     ///< the object of a file that is no longer there
    kCopy,      ///< of an object that another file has
    kConflict,  ///< another object with the identifier of one that is kept
    kRefused,
    kLeftOut,  ///< the filter does not let it by
    kPart,     ///< of a slide that cannot be read, as another of its files says
  };
  std::size_t input = 0;
  Kind kind = Kind::kRefused;
  Stamp stamp;
  std::string sha256;                  ///< empty: known when it is embedded
  std::optional<Id> known;             ///< the instance of kTouched, kStored, kChanged (which goes), kMoved, kCopy
  std::optional<StoredInstance> kept;  ///< of kCopy and kConflict, whose object it repeats; id 0: of a file before it
  std::optional<Error> error;          ///< of kRefused
  std::unique_ptr<ObjectFacts> facts;
  bool in_series = false;
  std::string tiling;     ///< of a slide's file that is added by tiles: which; empty: it is not
  bool failed = false;    ///< a frame of an earlier unit could not be embedded
  bool begun = false;     ///< a unit with it was committed
  bool windowed = false;  ///< its frames are embedded through each of SurveyOptions::windows
};

/// A frame to embed.
struct PlannedFrame {
  std::size_t file = 0;
  std::uint64_t frame = 0;  ///< from 0
  std::optional<double> position;
  std::optional<TileFacts> tile{};  ///< of a slide that is added by tiles
  std::string window{};             ///< of several, that it is seen through; empty: as SurveyOptions::image says
  bool localizer = false;           ///< as image::FrameGroup
};

/// What is committed together: a study, some files of none, or a part of a slide's tiles.
struct Unit {
  std::vector<std::size_t> files;  ///< all that have a part in it, those of whose frames none was chosen too
  std::vector<PlannedFrame> frames;
  bool more = false;  ///< there are units behind it with further tiles of its files
};

struct Survey {
  std::vector<SurveyedFile> files;  ///< one per input
  std::vector<Unit> units;
  std::uint64_t frames = 0;         ///< to embed, through each window one
  std::uint64_t telling_paths = 0;  ///< paths that hold a patient's name or identifier
  std::uint64_t pictures = 0;       ///< whole slides that are read as pictures
};

/// How many images are planned: of one through several windows that are several frames.
std::uint64_t images_of(const Survey& survey);

/// What another archive has of a file.
struct Wanted {
  std::string sha256;                 ///< of its content; another content is refused where it is read
  std::vector<std::uint64_t> frames;  ///< from 0, ascending
  std::string slices;                 ///< as they were chosen, for KnownFile::slices
  std::vector<TileFacts> tiles{};     ///< which tiles of a slide the frames are; empty: they are none
};
/// By Input::path.
using WantedFiles = std::unordered_map<std::string, Wanted>;

struct Look;
class LeftOut;

struct SurveyOptions {
  Slices slices;
  Slides slides{};
  std::string site;
  Identifiers identifiers = Identifiers::kHash;
  unsigned threads = 0;  ///< 0: one per available core
  ImageOptions image;
  std::vector<std::string> windows{};  ///< several, through each of which images of CT are planned; empty: as `image`
  base::OnProgress on_progress;
  /// Called with a file's number of frames before they take memory, through each of several windows one, from any
  /// thread. An Error refuses the file.
  std::function<void(std::uint64_t frames, std::string_view name)> claim_frames{};
  /// Of each file the frames that are wanted, in place of those that `slices` chooses; outlives the survey. Null: as
  /// `slices` says.
  const WantedFiles* wanted = nullptr;
  /// Adds to what a file says of itself, from any thread. An Error refuses the file.
  std::function<void(const std::string& path, Look& look)> describe{};
  /// Only what this lets by is added, as require_of_objects(). What the archive has already stays.
  std::optional<filter::Expr> where{};
  LeftOut* left_out = nullptr;  ///< gathers what is not; outlives the survey. Null: nobody asks
};

/// Files of no study that are committed together.
inline constexpr std::size_t kUnitFiles = 64;

/// @param catalog  null: of an archive that is not there yet.
/// @param key      as Writer::key().
Survey survey(std::span<const embedder::Input> inputs, const SurveyOptions& options, Catalog* catalog,
              const std::string& key);

/// What an object is called in an archive. Empty where it says nothing, and of what is no DICOM object.
struct ObjectNames {
  std::string patient_key;  ///< the patient's pseudonym
  std::string sop_uid;
  std::string sop_class;
  std::string study_uid;
};
/// @param site  as SurveyOptions::site.  @throws Error{kBadFile}, {kUnsupported}, {kTooLarge} as dicom::describe.
ObjectNames names_of(std::span<const std::byte> object, std::string_view name, const std::string& key,
                     const std::string& site);

}  // namespace mi2::archive
