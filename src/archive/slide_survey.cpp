#include "archive/slide_survey.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "archive/object_facts.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "dicom/slide.hpp"
#include "embedder/slides.hpp"

namespace mi2::archive {
namespace {

using Kind = SurveyedFile::Kind;

/// Whether what the archive has of an object are tiles of these: then the others are missing at most.
bool within(const std::vector<FrameTile>& stored, const std::vector<PlannedTile>& tiles) {
  auto next = tiles.begin();
  return std::all_of(stored.begin(), stored.end(), [&](const FrameTile& one) {
    next = std::find_if(next, tiles.end(), [&](const PlannedTile& tile) { return tile.number >= one.frame; });
    return next != tiles.end() && next->number == one.frame && one.tile && same_tile(*one.tile, next->facts);
  });
}

}  // namespace

std::optional<SlideOptions> tiling_for(const Slides& slides, const std::optional<KnownFile>& known) {
  if (!slides.model_size || slides.kind == Slides::Kind::kPictures) return std::nullopt;
  if (slides.kind == Slides::Kind::kTiles) return slides.tiles;
  if (known) {
    if (std::optional<SlideOptions> own = parse_tiling(known->slices)) return own;
  }
  return slides.source;
}

std::string SlideSurvey::tiling_of_series(std::size_t file) {
  if (!tilings_) {
    tilings_.emplace();
    for (const std::vector<std::size_t>* files : {&settled_, &files_}) {
      for (const std::size_t i : *files) {
        try {
          const auto head = dicom::slide_head(base::MappedFile(inputs_[i].path).bytes());
          if (head) tilings_->try_emplace(head->series_uid, survey_.files[i].tiling);
        } catch (const Error& error) {  // whoever reads it is told why it cannot be
          if (error.code() == Code::kInternal) throw;
        }
      }
    }
  }
  const auto found = tilings_->find(survey_.files[file].facts->series.uid);
  return found == tilings_->end() ? std::string() : found->second;
}

void SlideSurvey::plan() {
  if (files_.empty()) return;
  const std::set<std::size_t> fresh(files_.begin(), files_.end());
  std::vector<std::size_t> all = files_;
  all.insert(all.end(), settled_.begin(), settled_.end());
  std::sort(all.begin(), all.end());
  std::vector<embedder::Input> inputs;
  for (const std::size_t file : all) inputs.push_back({inputs_[file].path});
  std::set<std::size_t> beside = fresh;  // labels and the like
  for (const embedder::SlideInputs& group : embedder::group_slides(inputs)) {
    std::vector<std::size_t> levels;
    for (const std::size_t i : group) levels.push_back(all[i]);
    const bool any = std::any_of(levels.begin(), levels.end(), [&](std::size_t file) { return fresh.contains(file); });
    for (const std::size_t file : levels) beside.erase(file);
    if (any) plan(levels);
  }
  if (beside.empty()) return;
  Unit unit;
  for (const std::size_t file : beside) leave_out(file, unit);
  survey_.units.push_back(std::move(unit));
}

/// Of a level that is there twice, byte for byte, the one that the archive has, else the first.
std::vector<std::size_t> SlideSurvey::without_copies(std::vector<std::size_t> levels) const {
  std::map<std::uintmax_t, std::vector<std::size_t>> by_size;
  std::vector<std::size_t> known_first = levels;
  std::stable_partition(known_first.begin(), known_first.end(),
                        [&](std::size_t file) { return survey_.files[file].known.has_value(); });
  std::set<std::size_t> copies;
  for (const std::size_t file : known_first) {
    std::error_code ignored;
    std::vector<std::size_t>& before = by_size[std::filesystem::file_size(inputs_[file].path, ignored)];
    const bool copy = std::any_of(before.begin(), before.end(), [&](std::size_t other) {
      return base::sha256_hex(std::filesystem::path(inputs_[other].path)) ==
             base::sha256_hex(std::filesystem::path(inputs_[file].path));
    });
    if (copy) {
      copies.insert(file);
    } else {
      before.push_back(file);
    }
  }
  std::erase_if(levels, [&](std::size_t file) { return copies.contains(file); });
  return levels;
}

void SlideSurvey::plan(const std::vector<std::size_t>& levels) {
  const std::string& name = inputs_[levels.front()].path;
  try {
    const std::vector<std::size_t> opened = without_copies(levels);
    std::vector<std::filesystem::path> paths;
    for (const std::size_t file : opened) paths.emplace_back(inputs_[file].path);
    // A level that an ended run had begun says what it was asked for; the others may say what was before.
    const auto begun = std::ranges::find_if(levels, [&](std::size_t file) {
      return survey_.files[file].known && std::ranges::find(files_, file) != files_.end();
    });
    const std::string choice = survey_.files[begun != levels.end() ? *begun : levels.front()].tiling;
    const std::optional<SlideOptions> tiling = parse_tiling(choice);
    if (!tiling) throw Error(Code::kInternal, "a slide without a choice of tiles");
    SlidePlan plan =
        plan_slide(paths, *tiling, options_.image, options_.slides.model_size(), options_.claim_frames, name);
    const std::size_t read = opened[plan.file];
    SurveyedFile& file = survey_.files[read];
    if (file.kind == Kind::kUnchanged) reopen(read);
    for (const std::size_t level : levels) survey_.files[level].tiling = choice;
    if (!file.facts->instance.sop_uid.empty()) compare_(read);
    if (file.kind == Kind::kRefused) return;
    Unit others;
    for (const std::size_t level : levels) {
      if (level != read) leave_out(level, others);
    }
    const bool has_own = file.kind == Kind::kNew || file.kind == Kind::kChanged || file.kind == Kind::kStored;
    if (has_own) {
      put(read, plan.all, std::move(plan.tiles));
      // With the last of its tiles: until then the slide is looked at again.
      std::vector<std::size_t>& files = survey_.units.back().files;
      files.insert(files.end(), others.files.begin(), others.files.end());
    } else {
      // Which tiles there are of an object that has moved is looked at next time.
      if (file.kind == Kind::kMoved) file.tiling = unfinished(choice);
      if (!others.files.empty()) survey_.units.push_back(std::move(others));
    }
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    refuse(levels, error);
  } catch (const std::bad_alloc&) {
    refuse(levels, no_memory_for(name));
  }
}

/// A level that was settled, and has to be looked at since another is new.
void SlideSurvey::reopen(std::size_t i) {
  SurveyedFile& file = survey_.files[i];
  Look look = look_at_slide(inputs_[i], options_, key_, file.sha256.empty());
  if (file.sha256.empty()) file.sha256 = std::move(look.sha256);
  file.facts = std::move(look.facts);
  file.in_series = look.in_series;
  file.kind = file.known ? Kind::kStored : Kind::kNew;
}

void SlideSurvey::refuse(const std::vector<std::size_t>& levels, const Error& error) {
  for (const std::size_t level : levels) survey_.files[level].kind = Kind::kPart;
  SurveyedFile& first = survey_.files[levels.front()];
  first.kind = Kind::kRefused;
  first.error = error;
}

/// A file of a slide of which nothing is embedded. What it had before goes.
void SlideSurvey::leave_out(std::size_t i, Unit& unit) {
  SurveyedFile& file = survey_.files[i];
  if (file.kind == Kind::kUnchanged && !file.known) return;
  file.kind = file.known ? Kind::kChanged : Kind::kNew;
  file.facts = std::make_unique<ObjectFacts>();
  file.in_series = false;
  unit.files.push_back(i);
}

void SlideSurvey::put(std::size_t i, std::uint64_t all, std::vector<PlannedTile> tiles) {
  SurveyedFile& file = survey_.files[i];
  file.facts->instance.frames = static_cast<std::int64_t>(all);
  std::vector<FrameTile> stored;
  if (file.kind == Kind::kStored && catalog_ != nullptr) stored = catalog_->tiles_of(*file.known);
  if (!within(stored, tiles)) {
    file.kind = Kind::kChanged;
    stored.clear();
  }
  std::set<std::uint64_t> there;
  for (const FrameTile& one : stored) there.insert(one.frame);
  std::erase_if(tiles, [&](const PlannedTile& tile) { return there.contains(tile.number); });
  const std::size_t together = std::max<std::size_t>(1, options_.slides.together);
  std::size_t first = 0;
  do {
    const std::size_t end = std::min(tiles.size(), first + together);
    Unit unit;
    unit.files = {i};
    unit.more = end < tiles.size();
    for (; first < end; ++first) unit.frames.push_back({i, tiles[first].number, std::nullopt, tiles[first].facts});
    survey_.frames += unit.frames.size();
    survey_.units.push_back(std::move(unit));
  } while (first < tiles.size());
}

void SlideSurvey::plan_wanted(std::size_t i, const Wanted& wanted) {
  const std::string& name = inputs_[i].path;
  try {
    const TileFacts& first = wanted.tiles.front();
    const bool alike = std::all_of(wanted.tiles.begin(), wanted.tiles.end(), [&](const TileFacts& tile) {
      return tile.place.level == first.place.level && tile.read_width == first.read_width &&
             tile.read_height == first.read_height;
    });
    if (!alike || wanted.tiles.size() != wanted.frames.size()) {
      throw Error(Code::kBadFile, fmt::format("{}: expected tiles of one size of one level", name));
    }
    const base::MappedFile file(name);
    const auto opened = open_tiles({file.bytes(), file.path()}, first, wanted.frames.back(), options_.image, name);
    std::vector<PlannedTile> tiles;
    for (std::size_t t = 0; t < wanted.tiles.size(); ++t) {
      tiles.push_back({wanted.frames[t], wanted.tiles[t]});
      tiles.back().facts.place.mpp = mpp_for(*opened, wanted.tiles[t], options_.slides.model_size());
    }
    put(i, opened->frames(), std::move(tiles));
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    refuse({i}, error);
  }
}

}  // namespace mi2::archive
