#pragma once
// The slides among the files that are to be added: their levels put together, and their tiles planned. Private to
// survey.cpp and slide_survey.cpp.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/survey.hpp"
#include "archive/tiling.hpp"
#include "embedder/inputs.hpp"

namespace mi2::archive {

/// By which tiles a file's slide is added; nothing: by none. @param known  what the archive knows of the file.
std::optional<SlideOptions> tiling_for(const Slides& slides, const std::optional<KnownFile>& known);

class SlideSurvey {
 public:
  /// @param compare  looks whether the archive has a file's object already, and says so in its kind. All outlive it.
  SlideSurvey(std::span<const embedder::Input> inputs, const SurveyOptions& options, const std::string& key,
              Catalog* catalog, Survey& survey, std::function<void(std::size_t)> compare)
      : inputs_(inputs),
        options_(options),
        key_(key),
        catalog_(catalog),
        survey_(survey),
        compare_(std::move(compare)) {}

  /// A file of a slide. @param settled  nothing of it is new: it counts as a level of others.
  void add(std::size_t file, bool settled) { (settled ? settled_ : files_).push_back(file); }
  /// By which tiles one of those that were added is, of the series of a DICOM object that was not; empty: there is
  /// none.
  [[nodiscard]] std::string tiling_of_series(std::size_t file);
  /// All that were added, a slide after the other.
  void plan();
  /// The tiles that are wanted of a file.
  void plan_wanted(std::size_t file, const Wanted& wanted);

 private:
  [[nodiscard]] std::vector<std::size_t> without_copies(std::vector<std::size_t> levels) const;
  void plan(const std::vector<std::size_t>& levels);
  void reopen(std::size_t file);
  void put(std::size_t file, std::uint64_t all, std::vector<PlannedTile> tiles);
  void leave_out(std::size_t file, Unit& unit);
  void refuse(const std::vector<std::size_t>& levels, const Error& error);

  std::span<const embedder::Input> inputs_;
  const SurveyOptions& options_;
  const std::string& key_;
  Catalog* catalog_;
  Survey& survey_;
  std::function<void(std::size_t)> compare_;
  std::vector<std::size_t> files_;
  std::vector<std::size_t> settled_;
  std::optional<std::map<std::string, std::string>> tilings_;  ///< by series
};

}  // namespace mi2::archive
