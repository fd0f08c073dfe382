#include "index_add_files.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "archive/add.hpp"
#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "archive/shared.hpp"
#include "archive/sources.hpp"
#include "embed_inputs.hpp"
#include "exit_status.hpp"

namespace mi2::cli {

int preview_files(const std::string& archive, const std::vector<std::string>& sources,
                  const embedder::ExpandedPaths& paths, archive::SurveyOptions survey, Progress& progress) {
  using Kind = archive::SurveyedFile::Kind;
  std::optional<archive::Catalog> catalog;
  const std::optional<std::filesystem::path> folder = archive::find_archive(archive);
  if (folder) {
    archive::use_windows(archive::read_format(*folder).space, survey);
    catalog.emplace(*folder, archive::Catalog::Access::kRead);
  }
  const std::string key = folder ? archive::read_key(*folder) : std::string();
  archive::Catalog* const known = catalog ? &*catalog : nullptr;
  survey.slides = archive::slides_of(known, archive::source_of(sources), survey.slides);
  const archive::Survey found = archive::survey(paths.inputs, survey, known, key);
  progress.hide();
  const auto count = [&](Kind kind) {
    return std::ranges::count_if(found.files, [kind](const auto& file) { return file.kind == kind; });
  };
  const auto refused = count(Kind::kRefused);
  const auto left_out = count(Kind::kLeftOut);
  std::size_t files = 0;
  for (const archive::SurveyedFile& file : found.files) {
    if (file.error) progress.warn(file.error->what());
  }
  for (const archive::Unit& unit : found.units) files += unit.frames.empty() ? 0 : unit.files.size();
  note_skipped(paths.skipped, progress);
  progress.note(fmt::format("{} images of {} files would be embedded; {} files refused{}", archive::images_of(found),
                            files, refused, left_out > 0 ? fmt::format(", {} left out by --where", left_out) : ""));
  return refused == 0 ? 0 : kExitPartial;
}

}  // namespace mi2::cli
