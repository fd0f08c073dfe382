#include "archive/meanwhile.hpp"

#include <optional>

#include "archive/object_facts.hpp"

namespace mi2::archive {
namespace {

/// The live object that a file is of, or was.
std::optional<StoredInstance> object_now(Catalog& catalog, const SurveyedFile& file, const std::string& name) {
  const std::string& uid = file.facts->instance.sop_uid;
  if (!uid.empty()) {
    if (std::optional<StoredInstance> found = catalog.instance_of(uid)) return found;
  }
  const std::optional<KnownFile> seen = catalog.file(name);
  if (!seen || !seen->instance || !catalog.object(*seen->instance, false)) return std::nullopt;
  return StoredInstance{*seen->instance, name, seen->sha256};
}

}  // namespace

void forget_removed(Catalog& catalog, SurveyedFile& file) {
  if (!file.known || catalog.object(*file.known, false)) return;
  file.known.reset();
  // What earlier parts of it stored is gone: it is looked at again.
  file.failed = file.failed || file.begun;
  if (file.kind == SurveyedFile::Kind::kChanged) file.kind = SurveyedFile::Kind::kNew;
}

Meanwhile found_meanwhile(Catalog& catalog, SurveyedFile& file, const std::string& name) {
  forget_removed(catalog, file);
  const std::optional<StoredInstance> now = object_now(catalog, file, name);
  if (!now || now->id == file.known) return Meanwhile::kNothing;
  if (now->locator == name) {
    // The hash of a file is known once a frame of it was read.
    if (file.sha256.empty() || now->sha256 == file.sha256) return Meanwhile::kSame;
    file.known = now->id;
    file.kind = SurveyedFile::Kind::kChanged;
    return Meanwhile::kNothing;
  }
  if (file.sha256.empty()) return Meanwhile::kNothing;
  return now->sha256 == file.sha256 ? Meanwhile::kCopy : Meanwhile::kConflict;
}

}  // namespace mi2::archive
