#pragma once
// Files into an archive: surveyed, embedded, committed study by study.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/provenance.hpp>

#include "archive/archive.hpp"
#include "archive/survey.hpp"
#include "base/progress.hpp"
#include "embedder/inputs.hpp"
#include "embedder/pipeline.hpp"

namespace mi2::archive {

/// What became of the files.
struct Added {
  std::uint64_t images = 0;   ///< embedded and committed
  std::uint64_t studies = 0;  ///< committed, with the groups of files of none
  std::uint64_t unchanged = 0;
  std::uint64_t copies = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t moved = 0;
  std::uint64_t replaced = 0;  ///< files whose content had changed
  std::uint64_t refused = 0;
  std::uint64_t skipped = 0;
  std::uint64_t telling_paths = 0;
  std::uint64_t pictures = 0;  ///< whole slides that were read as pictures
  std::uint64_t left_out = 0;  ///< files that SurveyOptions::where does not let by
  std::uint64_t rows = 0;      ///< of `images`: more than these, where an image has several windows

  Added& operator+=(const Added& more) noexcept;
};

/// What became of a file.
enum class Outcome : std::uint8_t {
  kStored,
  kCopy,      ///< the archive has its object already
  kConflict,  ///< the archive has another object of this identifier
};

/// Frames of what others have sent that are added at once, through each window one: each takes memory before it is
/// decoded, and a file of 1 MB may have a million.
inline constexpr std::uint64_t kMostSentFrames = 100'000;

/// Vectors that are there already, of files or of what has none.
class GivenVectors {
 public:
  GivenVectors() = default;
  GivenVectors(const GivenVectors&) = delete;
  GivenVectors& operator=(const GivenVectors&) = delete;
  virtual ~GivenVectors() = default;
  /// Of a frame, from 0, of the input with a path. @throws Error: nothing more is added.
  [[nodiscard]] virtual std::vector<float> vector_of(const std::string& path, std::uint64_t frame) const = 0;
  /// What made them.
  [[nodiscard]] virtual Provenance made_by() const = 0;
};

struct AddOptions {
  SurveyOptions survey;  ///< its `image` is how images are prepared too
  /// Files are surveyed and committed in portions of at most so many frames, and one that has more alone is refused;
  /// slices are chosen in each portion. 0: all at once, under SurveyOptions::claim_frames.
  std::uint64_t most_frames = 0;
  std::size_t batch = 4;
  int thumbnail = 192;           ///< the longer side of thumbnails, pixels; 0: none are kept
  base::OnProgress on_progress;  ///< what it throws ends the run; what is committed stays
  std::function<void(std::string_view name, const Error& error)> on_refused;
  std::function<void(std::string_view name, std::span<const std::string> warnings)> on_warnings;
  /// Once it is on disk. Not called of a file that was refused, or of whose slices none was chosen.
  std::function<void(std::string_view name, Outcome outcome)> on_outcome{};
  embedder::InTurn in_turn{};  ///< for its forward passes
  /// In place of the model's, of every frame that is added; outlive the call. Null: the model's.
  const GivenVectors* given = nullptr;
};

/// Where inputs came from: a source of the catalog. @param url  as it was given.
struct Source {
  std::string kind;
  std::string url;
};

/// How the slides of a source are read: as it was added before, if nobody says. @param catalog  null: of an archive
/// that is not there yet.
Slides slides_of(Catalog* catalog, const Source& source, Slides slides);

/// Surveys for a space: with several windows each image of a CT is planned through each.
void use_windows(const Space& space, SurveyOptions& survey);

/// @throws as Embedder and the archive; what on_progress throws.
Added add(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
          const AddOptions& options);

/// Adds AddOptions::given of what has no pixels: no file is read. @param paths  by name; @param survey  what they are.
/// @throws as add().
Added add_without_pixels(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, Survey survey,
                         const Source& source, const AddOptions& options);

}  // namespace mi2::archive
