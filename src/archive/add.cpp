#include "archive/add.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/object_facts.hpp"
#include "base/hash.hpp"
#include "embedder/pipeline.hpp"
#include "image/thumbnail.hpp"

namespace mi2::archive {
namespace {

/// A file whose frames are embedded one after the other: read where the first of them is prepared.
class OpenFile {
 public:
  /// @param mutex  of the files' hashes: a file may be open twice.
  OpenFile(const embedder::Input& input, SurveyedFile& file, const Embedder& embedder, std::mutex& mutex)
      : input_(input), file_(file), embedder_(embedder), mutex_(mutex) {}

  Pixels prepare(std::uint64_t frame, const std::function<void(const ImageView&)>& see) {
    std::call_once(once_, [this] { open(); });
    return image_->prepare(frame, see);
  }

 private:
  void open() {
    ImageOptions options = embedder_.options().image;
    options.frames = {FrameSelection::Kind::kAll, 0};
    std::vector<std::byte> bytes = embedder::read_input(input_, options.max_file_bytes);
    // The hash is of what is embedded, not of what was looked at before.
    std::string sha256 = base::sha256_hex(bytes);
    {
      const std::lock_guard lock(mutex_);
      const bool other = !file_.sha256.empty() && file_.sha256 != sha256;
      if (other || bytes.size() != static_cast<std::size_t>(file_.facts->instance.size)) {
        throw Error(Code::kBadFile, fmt::format("{}: changed while it was read", input_.path));
      }
      file_.sha256 = std::move(sha256);
    }
    image_.emplace(embedder_.open_image(std::move(bytes), input_.path, options));
  }

  const embedder::Input& input_;
  SurveyedFile& file_;
  const Embedder& embedder_;
  std::mutex& mutex_;
  std::once_flag once_;
  std::optional<EncodedImage> image_;
};

/// Thumbnails of frames that are on their way through the model, by the number of the item. At most as many as that
/// has.
class Thumbnails {
 public:
  /// From any thread.
  void put(std::uint64_t item, std::vector<std::byte> file) {
    const std::lock_guard lock(mutex_);
    files_.emplace(item, std::move(file));
  }
  /// Empty: there is none.
  std::vector<std::byte> take(std::uint64_t item) {
    const std::lock_guard lock(mutex_);
    const auto found = files_.extract(item);
    return found ? std::move(found.mapped()) : std::vector<std::byte>();
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::vector<std::byte>> files_;
};

/// A frame whose vector is in its place.
struct StoredFrame {
  std::size_t file = 0;
  FrameFacts facts;
};

class Adding {
 public:
  Adding(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
         const AddOptions& options)
      : archive_(archive),
        embedder_(embedder),
        paths_(paths),
        source_(source),
        options_(options),
        slices_(to_string(options.survey.slices)) {}

  Added run() {
    survey_ = survey(paths_.inputs, options_.survey, &archive_.catalog(), archive_.key());
    added_.telling_paths = survey_.telling_paths;
    added_.skipped = paths_.skipped.size();
    begin();
    embed();
    settle();
    if (added_.replaced > 0) find_left();
    return added_;
  }

  /// Files that only repeated an object which the archive has lost since with the file that it was of.
  [[nodiscard]] const std::vector<embedder::Input>& left() const { return left_; }

 private:
  Catalog& catalog() { return archive_.catalog(); }
  const std::string& name_of(std::size_t file) const { return paths_.inputs[file].path; }

  void refuse(std::size_t file, const Error& error) {
    catalog().refuse(name_of(file), mi2::name_of(error.code()), error.what());
    if (options_.on_refused) options_.on_refused(name_of(file), error);
    ++added_.refused;
  }

  /// What is known before anything is embedded.
  void begin() {
    Catalog::Transaction all(catalog(), true);
    source_id_ = catalog().source(source_.kind, source_.url);
    space_ = catalog().space(embedder_.provenance());
    for (const embedder::Skipped& one : paths_.skipped) catalog().refuse(one.path, "skipped", one.reason);
    for (const SurveyedFile& file : survey_.files) {
      if (file.kind == SurveyedFile::Kind::kRefused) refuse(file.input, *file.error);
      if (file.kind == SurveyedFile::Kind::kUnchanged || file.kind == SurveyedFile::Kind::kTouched) ++added_.unchanged;
      if (file.kind != SurveyedFile::Kind::kTouched) continue;
      std::optional<KnownFile> known = catalog().file(name_of(file.input));
      if (!known) continue;
      known->stamp = file.stamp;
      catalog().put_file(name_of(file.input), *known);
    }
    all.commit();
  }

  std::function<void(const ImageView&)> see(std::uint64_t item) {
    if (options_.thumbnail == 0) return {};
    return [this, item](const ImageView& image) { thumbnails_.put(item, image::thumbnail(image, options_.thumbnail)); };
  }

  embedder::NextItem items() {
    return [this, unit = std::size_t{0}, frame = std::size_t{0}, open = std::shared_ptr<OpenFile>(),
            opened = std::size_t{0}, number = std::uint64_t{0}]() mutable -> std::optional<embedder::Item> {
      while (unit < survey_.units.size() && survey_.units[unit].frames.empty()) ++unit;
      if (unit == survey_.units.size()) return std::nullopt;
      const PlannedFrame planned = survey_.units[unit].frames[frame++];
      // At once: a unit whose frames have come is emptied.
      if (frame == survey_.units[unit].frames.size()) {
        ++unit;
        frame = 0;
      }
      if (!open || opened != planned.file) {
        opened = planned.file;
        open = std::make_shared<OpenFile>(paths_.inputs[opened], survey_.files[opened], embedder_, hashes_);
      }
      const auto frames = static_cast<std::uint64_t>(survey_.files[opened].facts->instance.frames);
      std::optional<FramePlace> place;
      if (frames > 1) place = FramePlace{planned.frame + 1, frames};
      return embedder::Item{name_of(opened), place, [this, open, planned, item = number++] {
                              return embedder::Prepared{open->prepare(planned.frame, see(item)), std::nullopt};
                            }};
    };
  }

  void embed() {
    embedder::PipelineOptions pipeline;
    pipeline.batch = options_.batch;
    pipeline.threads = options_.survey.threads;
    pipeline.total = survey_.frames;
    pipeline.on_progress = options_.on_progress;
    commit_ready();
    if (survey_.frames == 0) return;
    embedder::embed_all(embedder_, items(), pipeline, [this](std::span<const embedder::Embedded> batch) {
      for (const embedder::Embedded& item : batch) {
        take(item);
        commit_ready();
      }
    });
  }

  void take(const embedder::Embedded& item) {
    const PlannedFrame& planned = survey_.units[unit_].frames[done_++];
    const std::vector<std::byte> thumbnail = thumbnails_.take(taken_++);
    if (item.error != nullptr) {
      failures_.emplace_back(planned, *item.error);
      return;
    }
    if (options_.on_warnings && !item.warnings.empty()) options_.on_warnings(item.name, item.warnings);
    StoredFrame stored;
    stored.file = planned.file;
    stored.facts.row = archive_.segments().next();
    stored.facts.frame = static_cast<std::int64_t>(planned.frame);
    stored.facts.position = planned.position;
    stored.facts.crc = base::crc32c(std::as_bytes(item.image));
    if (!thumbnail.empty()) stored.facts.thumb = archive_.thumbs().append(stored.facts.row, thumbnail);
    archive_.segments().append(item.image);
    stored_.push_back(stored);
  }

  /// Commits the units all of whose frames are there.
  void commit_ready() {
    while (unit_ < survey_.units.size() && done_ == survey_.units[unit_].frames.size()) {
      commit(survey_.units[unit_]);
      // What is committed needs no facts.
      for (const std::size_t file : survey_.units[unit_].files) survey_.files[file].facts.reset();
      survey_.units[unit_] = {};
      stored_.clear();
      failures_.clear();
      done_ = 0;
      ++unit_;
    }
  }

  void commit(const Unit& unit) {
    Catalog::Transaction all(catalog(), true);
    const std::int64_t seq = catalog().add_change("add", static_cast<std::int64_t>(stored_.size()));
    std::set<Id> touched;
    std::map<std::size_t, Id> instances;
    std::map<std::size_t, std::optional<Id>> series_of;
    std::set<std::size_t> failed;
    for (const auto& [planned, error] : failures_) failed.insert(planned.file);
    std::set<std::size_t> with_frames;
    for (const StoredFrame& frame : stored_) with_frames.insert(frame.file);
    for (const std::size_t i : unit.files) {
      SurveyedFile& file = survey_.files[i];
      if (file.kind == SurveyedFile::Kind::kChanged) {
        if (const auto series = catalog().retire_instance(*file.known, seq)) touched.insert(*series);
        ++added_.replaced;
        file.known.reset();
      }
      const bool nothing = !with_frames.contains(i);
      if (nothing && failed.contains(i)) continue;
      remember(i, nothing, !failed.contains(i), instances, series_of);
    }
    for (StoredFrame& frame : stored_) {
      frame.facts.instance = instances.at(frame.file);
      frame.facts.series = series_of.at(frame.file);
      if (frame.facts.series) touched.insert(*frame.facts.series);
      catalog().add_frame(frame.facts, space_, seq);
    }
    for (const auto& [planned, error] : failures_) report(planned, error);
    for (const Id series : touched) archive_.pool(series, space_, seq);
    archive_.segments().sync();
    archive_.thumbs().sync();
    all.commit();
    added_.images += stored_.size();
    if (!stored_.empty()) ++added_.studies;
  }

  void report(const PlannedFrame& planned, const Error& error) {
    const auto frames = survey_.files[planned.file].facts->instance.frames;
    if (frames == 1) return refuse(planned.file, error);
    const std::string name = fmt::format("{}, frame {} of {}", name_of(planned.file), planned.frame + 1, frames);
    catalog().refuse(name, mi2::name_of(error.code()), error.what());
    if (options_.on_refused) options_.on_refused(name, error);
    ++added_.refused;
  }

  /// @param nothing  none of its frames was chosen now. @param whole  none of those chosen failed.
  void remember(std::size_t i, bool nothing, bool whole, std::map<std::size_t, Id>& instances,
                std::map<std::size_t, std::optional<Id>>& series_of) {
    SurveyedFile& file = survey_.files[i];
    ObjectFacts& facts = *file.facts;
    facts.instance.sha256 = file.sha256;
    std::optional<Id> series;
    if (file.known) {
      series = catalog().series_of(*file.known);
    } else if (file.in_series && !nothing) {
      series = catalog().series(facts.series, catalog().study(facts.study, catalog().patient(facts.patient)));
    }
    if (!file.known && !nothing) file.known = catalog().instance(facts.instance, series, source_id_);
    if (file.known) instances[i] = *file.known;
    series_of[i] = series;
    // With frames that failed it is read again next time, as if its slices had been chosen in another way.
    catalog().put_file(name_of(i), {file.stamp, file.sha256, file.known, file.known ? "stored" : "unselected",
                                    whole ? slices_ : std::string()});
    catalog().accept(name_of(i));
  }

  /// Files that only repeat what others have: now those are in the archive.
  void settle() {
    Catalog::Transaction all(catalog(), true);
    std::int64_t seq = 0;
    std::set<Id> touched;
    std::vector<const SurveyedFile*> repeating;
    for (const SurveyedFile& file : survey_.files) {
      const bool copy = file.kind == SurveyedFile::Kind::kCopy || file.kind == SurveyedFile::Kind::kMoved;
      if (!copy && file.kind != SurveyedFile::Kind::kConflict) continue;
      repeating.push_back(&file);
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
  }

  /// Adds to left() what was passed over as known, and is known no more.
  void find_left() {
    std::unordered_set<std::string_view> seen;
    for (const SurveyedFile& file : survey_.files) {
      if (!seen.insert(name_of(file.input)).second) continue;
      const bool known = file.kind == SurveyedFile::Kind::kUnchanged || file.kind == SurveyedFile::Kind::kTouched;
      if (!known || catalog().file(name_of(file.input)).has_value()) continue;
      left_.push_back(paths_.inputs[file.input]);
      --added_.unchanged;
    }
  }

  void settle(const SurveyedFile& file) {
    const std::string& name = name_of(file.input);
    const std::string& uid = file.facts->instance.sop_uid;
    const std::optional<StoredInstance> kept = catalog().instance_of(uid);
    if (!kept) {
      // The file that had the object has another one now. If it only could not be read, the next run takes this one.
      if (file.kept && file.kept->id != 0) left_.push_back(paths_.inputs[file.input]);
      return;
    }
    catalog().accept(name);
    if (file.kind == SurveyedFile::Kind::kConflict) {
      catalog().put_file(name, {file.stamp, file.sha256, std::nullopt, "conflict", slices_});
      catalog().add_conflict(name, uid, file.sha256, *kept);
      ++added_.conflicts;
      return;
    }
    const bool moved = file.kind == SurveyedFile::Kind::kMoved;
    if (moved) catalog().move_instance(kept->id, name);
    catalog().put_file(name, {file.stamp, file.sha256, kept->id, moved ? "stored" : "copy", slices_});
    ++(moved ? added_.moved : added_.copies);
  }

  Writer& archive_;
  const Embedder& embedder_;
  const embedder::ExpandedPaths& paths_;
  const Source& source_;
  const AddOptions& options_;
  std::string slices_;
  Survey survey_;
  Added added_;
  Id source_id_ = 0;
  Id space_ = 0;
  std::mutex hashes_;
  Thumbnails thumbnails_;
  std::uint64_t taken_ = 0;  ///< items of which the vectors have come
  std::size_t unit_ = 0;     ///< of the next vector
  std::size_t done_ = 0;     ///< frames of it that have come
  std::vector<StoredFrame> stored_;
  std::vector<std::pair<PlannedFrame, Error>> failures_;
  std::vector<embedder::Input> left_;
};

}  // namespace

Added add(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
          const AddOptions& options) {
  Adding adding(archive, embedder, paths, source, options);
  Added added = adding.run();
  if (adding.left().empty()) return added;
  // Again, as the first that have their objects.
  embedder::ExpandedPaths left;
  left.inputs = adding.left();
  const Added more = Adding(archive, embedder, left, source, options).run();
  added.images += more.images;
  added.studies += more.studies;
  added.copies += more.copies;
  added.conflicts += more.conflicts;
  added.moved += more.moved;
  added.replaced += more.replaced;
  added.refused += more.refused;
  return added;
}

}  // namespace mi2::archive
