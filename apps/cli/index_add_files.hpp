#pragma once
// What mi2 index add --dry-run says of files.

#include <string>
#include <vector>

#include "archive/survey.hpp"
#include "embedder/inputs.hpp"
#include "progress.hpp"

namespace mi2::cli {

/// Says what would be embedded. @param sources  as the archive is to call them. @returns the exit status.
int preview_files(const std::string& archive, const std::vector<std::string>& sources,
                  const embedder::ExpandedPaths& paths, archive::SurveyOptions survey, Progress& progress);

}  // namespace mi2::cli
