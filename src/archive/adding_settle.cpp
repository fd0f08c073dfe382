// Files whose objects the archive has already.

#include <set>
#include <string_view>
#include <unordered_set>

#include "archive/adding.hpp"
#include "archive/meanwhile.hpp"
#include "archive/packed.hpp"

namespace mi2::archive {

void Adding::settle() {
  Catalog::Transaction all(catalog(), true);
  std::int64_t seq = 0;
  std::set<Id> touched;
  std::vector<const SurveyedFile*> repeating;
  for (SurveyedFile& file : survey_.files) {
    const bool copy = file.kind == SurveyedFile::Kind::kCopy || file.kind == SurveyedFile::Kind::kMoved;
    if (!copy && file.kind != SurveyedFile::Kind::kConflict) continue;
    repeating.push_back(&file);
    if (catalog().has_upstream()) forget_removed(catalog(), file);
    if (!file.known) continue;
    // What the file had before is gone.
    if (seq == 0) seq = catalog().add_change("replace", 0);
    if (const auto series = catalog().retire_instance(*file.known, seq)) touched.insert(*series);
    ++added_.replaced;
  }
  // Not before all of that is gone: files that were renumbered have each other's objects.
  for (const SurveyedFile* file : repeating) settle(*file);
  if (added_.replaced > 0) catalog().forget_conflicts();
  for (const Id series : touched) archive_.pool(series, space_, seq);
  archive_.segments().sync();
  all.commit();
  for (const auto& [file, outcome] : settled_) say(file, outcome);
}

void Adding::find_left() {
  std::unordered_set<std::string_view> seen;
  for (const SurveyedFile& file : survey_.files) {
    if (!seen.insert(name_of(file.input)).second) continue;
    const bool known = file.kind == SurveyedFile::Kind::kUnchanged || file.kind == SurveyedFile::Kind::kTouched;
    if (!known || catalog().file(name_of(file.input)).has_value()) continue;
    left_.push_back(paths_.inputs[file.input]);
    --added_.unchanged;
  }
}

void Adding::settle(const SurveyedFile& file) {
  const std::string& name = name_of(file.input);
  const std::string& uid = file.facts->instance.sop_uid;
  const std::optional<StoredInstance> kept = catalog().instance_of(uid);
  if (!kept) {
    // The file that had the object has another one now, or could not be read; a copy of that could not be either.
    const bool lost = file.kept && file.kept->id != 0;
    const bool other = file.kept && file.kind == SurveyedFile::Kind::kConflict && !catalog().file(file.kept->locator);
    if (lost || other) left_.push_back(paths_.inputs[file.input]);
    return;
  }
  catalog().accept(name);
  // Another writer may have put other content in its place meanwhile.
  const bool replaced = catalog().has_upstream() && kept->sha256 != file.sha256;
  if (file.kind == SurveyedFile::Kind::kConflict || replaced) {
    catalog().put_file(name, {number_of(file.stamp), file.sha256, std::nullopt, "conflict", slices_of(file.input)});
    catalog().add_conflict(name, uid, file.sha256, *kept);
    ++added_.conflicts;
    settled_.emplace_back(file.input, Outcome::kConflict);
    return;
  }
  const bool moved = file.kind == SurveyedFile::Kind::kMoved;
  if (moved) catalog().move_instance(kept->id, name);
  catalog().put_file(name,
                     {number_of(file.stamp), file.sha256, kept->id, moved ? "stored" : "copy", slices_of(file.input)});
  ++(moved ? added_.moved : added_.copies);
  settled_.emplace_back(file.input, Outcome::kCopy);
}

}  // namespace mi2::archive
