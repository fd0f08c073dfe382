#include "archive/release/release.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/original.hpp"
#include "archive/zipped.hpp"
#include "base/files.hpp"
#include "dicom/dicom.hpp"

namespace mi2::archive::release {
namespace {

namespace fs = std::filesystem;

/// With the folders above it that are missing, each of which is on the disk when this returns.
void make_folders(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  const fs::path above = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  if (above != folder) make_folders(above);
  fs::create_directory(folder, error);
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: the folder cannot be made: {}", folder.string(), error.message()));
  }
  base::sync_folder(above);
}

bool holds(const fs::path& path, const std::vector<dicom::Bytes>& parts) {
  const base::MappedFile file(path);
  dicom::Bytes rest = file.bytes();
  for (const dicom::Bytes part : parts) {
    if (rest.size() < part.size() || !std::equal(part.begin(), part.end(), rest.begin())) return false;
    rest = rest.subspan(part.size());
  }
  return rest.empty();
}

class Release {
 public:
  Release(const fs::path& folder, const fs::path& to, const ReleaseOptions& options)
      : to_(to), options_(options), catalog_(folder, Catalog::Access::kRead) {}

  Released run() {
    const std::vector<Id> objects = chosen();
    make_folders(to_);
    std::uint64_t done = 0;
    for (const Id id : objects) {
      if (options_.on_progress) options_.on_progress({"copying", done, objects.size()});
      ++done;
      if (const std::optional<ArchivedObject> object = catalog_.object(id)) copy(*object);
    }
    if (options_.on_progress) options_.on_progress({"copying", done, objects.size()});
    return std::move(done_);
  }

 private:
  std::vector<Id> chosen() {
    if (options_.where) return catalog_.chosen_instances(&*options_.where, {}, {});
    std::vector<Id> ids;
    for (const LiveObject& object : catalog_.live_objects()) ids.push_back(object.id);
    return ids;
  }

  void leave(const ArchivedObject& object, const std::string& why, Code code) {
    ++done_.left[why];
    if (!done_.first) done_.first = code;
    if (options_.on_left) options_.on_left(fmt::format("{}: {}", object.locator, why));
  }

  /// What the bytes of one object came to.
  struct Copied {
    std::string refused;             ///< why there is no copy; empty: there is one
    Code code = Code::kUnsupported;  ///< of what is refused
    /// Complete but for the last step; none: the copy was there before.
    std::optional<base::AtomicFile> file{};
    bool masked = false;
    bool writing = false;  ///< an error is of the copies' folder: of the next object nothing can be written either
  };

  void copy(const ArchivedObject& object) {
    // Without its stamp the hash decides.
    const Original original{object.locator, object.sha256};
    Copied copied;
    OriginalState state = OriginalState::kThere;
    try {
      state = with_original(original, options_.max_file_bytes, zips_,
                            [&](std::span<const std::byte> bytes) { make_copy(object, bytes, copied); });
    } catch (const Error& error) {
      if (error.code() == Code::kInternal || copied.writing) throw;
      return leave(object, std::string(name_of(error.code())), error.code());
    }
    if (state != OriginalState::kThere) return leave_for(object, state);
    if (!copied.refused.empty()) return leave(object, copied.refused, copied.code);
    if (copied.file) copied.file->commit();
    ++(copied.file ? done_.written : done_.kept);
    if (copied.masked) ++done_.masked;
  }

  void leave_for(const ArchivedObject& object, OriginalState state) {
    switch (state) {
      case OriginalState::kNoFile: {
        // A file's place is its whole path; of what came over a network it begins with the way.
        const std::string way = way_of(object.locator);
        return leave(object, way.empty() ? "no file" : fmt::format("no file: {}", way), Code::kNotFound);
      }
      case OriginalState::kGone:
        return leave(object, "missing", Code::kNotFound);
      case OriginalState::kChanged:
        return leave(object, "changed", Code::kBadFile);
      case OriginalState::kTooLarge:
        return leave(object, std::string(name_of(Code::kTooLarge)), Code::kTooLarge);
      case OriginalState::kUnreadable:
      case OriginalState::kThere:
        break;
    }
    leave(object, std::string(name_of(Code::kBadFile)), Code::kBadFile);
  }

  void make_copy(const ArchivedObject& object, std::span<const std::byte> bytes, Copied& made) {
    if (!dicom::looks_like_dicom(bytes)) {
      made.refused = "not DICOM";
      return;
    }
    dicom::results::AnonymiseOptions how = options_.anonymise;
    how.site = object.site;
    const dicom::results::Anonymous copy = dicom::results::anonymise(bytes, how, options_.max_pixels, object.locator);
    if (!copy.refused.empty()) {
      made.refused = fmt::format("refused: {}", copy.refused);
      return;
    }
    made.masked = copy.masked != nullptr;
    made.writing = true;
    write(copy, made);
    made.writing = false;
  }

  void write(const dicom::results::Anonymous& copy, Copied& made) const {
    const fs::path path = to_ / copy.study_uid / copy.series_uid / (copy.sop_uid + ".dcm");
    const std::vector<dicom::Bytes> parts = copy.parts();
    std::error_code ignored;
    if (fs::exists(path, ignored)) {
      if (!holds(path, parts)) {
        made.refused = "another file is there";
        made.code = Code::kBadArgument;
      }
      return;
    }
    make_folders(path.parent_path());
    made.file.emplace(path);
    for (const dicom::Bytes part : parts) made.file->write(part);
  }

  fs::path to_;
  const ReleaseOptions& options_;
  Catalog catalog_;
  LastZip zips_;
  Released done_;
};

}  // namespace

Released release(const fs::path& folder, const fs::path& to, const ReleaseOptions& options) {
  static_cast<void>(read_format(folder));
  require_local(folder);
  return Release(folder, to, options).run();
}

}  // namespace mi2::archive::release
