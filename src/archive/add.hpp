#pragma once
// Files into an archive: surveyed, embedded, committed study by study.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/survey.hpp"
#include "base/progress.hpp"
#include "embedder/inputs.hpp"

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
};

struct AddOptions {
  SurveyOptions survey;
  std::size_t batch = 4;
  int thumbnail = 192;           ///< the longer side of thumbnails, pixels; 0: none are kept
  base::OnProgress on_progress;  ///< what it throws ends the run; what is committed stays
  std::function<void(std::string_view name, const Error& error)> on_refused;
  std::function<void(std::string_view name, std::span<const std::string> warnings)> on_warnings;
};

/// Where inputs came from: a source of the catalog. @param url  as it was given.
struct Source {
  std::string kind;
  std::string url;
};

/// @throws as Embedder and the archive; what on_progress throws.
Added add(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
          const AddOptions& options);

}  // namespace mi2::archive
