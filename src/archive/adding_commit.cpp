// What is committed together: a study, or some files of none.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "archive/adding.hpp"
#include "archive/live_frames.hpp"
#include "archive/meanwhile.hpp"
#include "archive/packed.hpp"

namespace mi2::archive {

namespace {

/// Which rows are of one picture, by object and frame: those of several windows.
class PictureNumbers {
 public:
  void take(Id instance, const std::vector<LiveFrame>& rows) {
    for (const LiveFrame& row : rows) {
      if (!row.window.empty()) known_.try_emplace(std::pair(instance, row.frame), row.picture);
    }
  }
  std::uint64_t of(const FrameFacts& frame) {
    return known_.try_emplace(std::pair(frame.instance, frame.frame), frame.row).first->second;
  }

 private:
  std::map<std::pair<Id, std::int64_t>, std::uint64_t> known_;
};

}  // namespace

void Adding::yield_to_others(Unit& unit) {
  const auto gone = std::stable_partition(unit.files.begin(), unit.files.end(),
                                          [&](std::size_t i) { return !yields(survey_.files[i]); });
  const std::set<std::size_t> theirs(gone, unit.files.end());
  unit.files.erase(gone, unit.files.end());
  std::erase_if(failures_, [&](const auto& failure) { return theirs.contains(failure.first.file); });
  LiveFrames there(catalog());
  std::erase_if(stored_, [&](const StoredFrame& frame) {
    const SurveyedFile& file = survey_.files[frame.file];
    if (theirs.contains(frame.file)) return true;
    const bool stays = file.known && file.kind != SurveyedFile::Kind::kChanged;
    return stays && there.has(*file.known, frame.facts.frame, frame.facts.window);
  });
  for (StoredFrame& frame : stored_) place(frame, archive_);
}

bool Adding::yields(SurveyedFile& file) {
  const Meanwhile found = found_meanwhile(catalog(), file, name_of(file.input));
  if (found == Meanwhile::kNothing) return false;
  if (found == Meanwhile::kSame) {
    ++added_.unchanged;
    settled_.emplace_back(file.input, Outcome::kCopy);
  } else {
    file.kind = found == Meanwhile::kCopy ? SurveyedFile::Kind::kCopy : SurveyedFile::Kind::kConflict;
    settle(file);
  }
  file.kind = SurveyedFile::Kind::kUnchanged;
  return true;
}

void Adding::commit_ready() {
  while (unit_ < survey_.units.size() && done_ == survey_.units[unit_].frames.size()) {
    commit(survey_.units[unit_]);
    // What is committed needs no facts.
    for (const std::size_t file : survey_.units[unit_].files) {
      if (!survey_.units[unit_].more) survey_.files[file].facts.reset();
    }
    survey_.units[unit_] = {};
    stored_.clear();
    failures_.clear();
    done_ = 0;
    ++unit_;
  }
}

void Adding::commit(Unit& unit) {
  Catalog::Transaction all(catalog(), true);
  if (catalog().has_upstream()) yield_to_others(unit);
  const std::int64_t seq = catalog().add_change("add", static_cast<std::int64_t>(stored_.size()));
  std::set<Id> touched;
  std::map<std::size_t, Id> instances;
  std::map<std::size_t, std::optional<Id>> series_of;
  std::set<std::size_t> failed;
  for (const auto& [planned, error] : failures_) failed.insert(planned.file);
  for (const std::size_t i : unit.files) {
    SurveyedFile& file = survey_.files[i];
    file.failed = file.failed || failed.contains(i);
  }
  std::set<std::size_t> with_frames;
  std::set<std::pair<std::size_t, std::int64_t>> images;
  for (const StoredFrame& frame : stored_) {
    with_frames.insert(frame.file);
    images.emplace(frame.file, frame.facts.frame);
  }
  PictureNumbers pictures;
  for (const std::size_t i : unit.files) {
    SurveyedFile& file = survey_.files[i];
    if (file.kind == SurveyedFile::Kind::kChanged) {
      if (const auto series = catalog().retire_instance(*file.known, seq)) touched.insert(*series);
      ++added_.replaced;
      file.known.reset();
      file.kind = SurveyedFile::Kind::kNew;
    }
    if (file.known && file.windowed) pictures.take(*file.known, catalog().live_frames(*file.known));
    const bool nothing = !with_frames.contains(i);
    if (nothing && failed.contains(i)) continue;
    remember(i, nothing, !file.failed && !unit.more, instances, series_of);
  }
  for (StoredFrame& frame : stored_) {
    frame.facts.instance = instances.at(frame.file);
    frame.facts.series = series_of.at(frame.file);
    if (frame.facts.series) touched.insert(*frame.facts.series);
    if (!frame.facts.window.empty()) frame.facts.picture = pictures.of(frame.facts);
    catalog().add_frame(frame.facts, space_, seq);
  }
  std::set<std::pair<std::size_t, std::uint64_t>> said;
  for (const auto& [planned, error] : failures_) {
    // Of an image that fails through several windows once.
    if (said.emplace(planned.file, planned.frame).second) report(planned, error);
  }
  for (const Id series : touched) archive_.pool(series, space_, seq);
  archive_.segments().sync();
  archive_.thumbs().sync();
  all.commit();
  added_.images += images.size();
  added_.rows += stored_.size();
  if (unit.more) return;
  if (!stored_.empty()) ++added_.studies;
  for (const auto& [file, instance] : instances) say(file, Outcome::kStored);
}

void Adding::report(const PlannedFrame& planned, const Error& error) {
  const auto frames = survey_.files[planned.file].facts->instance.frames;
  if (frames == 1) return refuse(planned.file, error);
  const std::string name = fmt::format("{}, frame {} of {}", name_of(planned.file), planned.frame + 1, frames);
  catalog().refuse(name, mi2::name_of(error.code()), error.what());
  if (options_.on_refused) options_.on_refused(name, error);
  ++added_.refused;
}

void Adding::remember(std::size_t i, bool nothing, bool whole, std::map<std::size_t, Id>& instances,
                      std::map<std::size_t, std::optional<Id>>& series_of) {
  SurveyedFile& file = survey_.files[i];
  ObjectFacts& facts = *file.facts;
  // With frames that failed it is read again next time, as if its slices had been chosen in another way.
  std::string slices = slices_of(i);
  if (!whole) slices = parse_tiling(slices) ? unfinished(slices) : std::string();
  facts.instance.sha256 = file.sha256;
  facts.instance.stamp = number_of(file.stamp);
  facts.instance.slices = slices;
  std::optional<Id> series;
  if (file.known) {
    series = catalog().series_of(*file.known);
  } else if (file.in_series && !nothing) {
    series = catalog().series(facts.series, catalog().study(facts.study, catalog().patient(facts.patient)));
  }
  if (!file.known && !nothing) file.known = catalog().instance(facts.instance, series, source_id_);
  if (file.known) instances[i] = *file.known;
  series_of[i] = series;
  catalog().put_file(name_of(i),
                     {number_of(file.stamp), file.sha256, file.known, file.known ? "stored" : "unselected", slices});
  // What parts before could not embed stays said.
  if (!file.begun) catalog().accept(name_of(i));
  file.begun = true;
}

}  // namespace mi2::archive
