#include "archive/survey.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <new>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "archive/live_frames.hpp"
#include "archive/object_facts.hpp"
#include "archive/packed.hpp"
#include "base/hash.hpp"
#include "base/thread_pool.hpp"
#include "embedder/series.hpp"

namespace mi2::archive {
namespace {

/// Files looked at between two reports.
constexpr std::size_t kChunk = 256;

/// A file before anybody knows what others hold.
struct Looked {
  Stamp stamp;
  std::optional<KnownFile> known;
  Look look;
  std::optional<Error> error;
  bool repeated = false;  ///< the same file as one before
};

/// Whether what is known of a file settles it without a look inside: with a choice of slices, others may be chosen as
/// the series grows.
bool settled(const Looked& file, const std::string& slices) {
  return file.known && file.known->stamp == number_of(file.stamp) && file.known->slices == slices && slices == "all";
}

/// Whether a file is no longer there; of one in a zip, whether the zip is not. What a server has is there as long as
/// nobody asks it.
bool is_gone(const std::string& locator) {
  if (is_on_server(locator)) return false;
  std::error_code ignored;
  for (std::filesystem::path path(locator); path.has_relative_path(); path = path.parent_path()) {
    if (std::filesystem::exists(path, ignored)) return std::filesystem::is_directory(path, ignored);
  }
  return true;
}

/// Whether an object came over a network: its locator says how, and names no file.
bool is_remote(const std::string& locator) { return locator.starts_with("http:") || locator.starts_with("dimse:"); }

class Surveyor {
 public:
  Surveyor(std::span<const embedder::Input> inputs, const SurveyOptions& options, Catalog* catalog,
           const std::string& key)
      : inputs_(inputs),
        options_(options),
        slices_(to_string(options.slices)),
        catalog_(catalog),
        key_(key),
        pool_(options.threads) {}

  Survey run() {
    survey_.files.resize(inputs_.size());
    for (std::size_t begin = 0; begin < inputs_.size(); begin += kChunk) {
      const std::size_t count = std::min(kChunk, inputs_.size() - begin);
      std::vector<Looked> chunk(count);
      for (std::size_t i = 0; i < count; ++i) {
        chunk[i].repeated = !paths_.insert(inputs_[begin + i].path).second;
        if (catalog_ != nullptr) chunk[i].known = catalog_->file(inputs_[begin + i].path);
      }
      pool_.run(count, [&](std::size_t i) { look(inputs_[begin + i], chunk[i]); });
      for (std::size_t i = 0; i < count; ++i) resolve(begin + i, chunk[i]);
      if (options_.on_progress) options_.on_progress({"looking at files", begin + count, inputs_.size()});
    }
    plan();
    return std::move(survey_);
  }

 private:
  void look(const embedder::Input& input, Looked& file) const {
    try {
      if (input.error) throw Error(*input.error);
      if (file.repeated) return;
      file.stamp = stamp_of(input);
      const bool wanted = wanted_of(input) != nullptr;
      if (!wanted && settled(file, slices_)) return;
      // What is wanted has its hash already, which is compared where the file is read.
      file.look = look_at(input, options_, key_, !wanted && file.known.has_value());
      if (options_.describe) options_.describe(input.path, file.look);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      file.error = error;
    } catch (const std::bad_alloc&) {
      file.error = no_memory_for(input.path);
    }
  }

  [[nodiscard]] const Wanted* wanted_of(const embedder::Input& input) const {
    if (options_.wanted == nullptr) return nullptr;
    const auto found = options_.wanted->find(input.path);
    return found == options_.wanted->end() ? nullptr : &found->second;
  }

  void resolve(std::size_t i, Looked& looked) {
    SurveyedFile& file = survey_.files[i];
    const Wanted* const wanted = wanted_of(inputs_[i]);
    file.input = i;
    file.stamp = looked.stamp;
    file.sha256 = wanted != nullptr ? wanted->sha256 : looked.look.sha256;
    // Of a copy the instance is another file's.
    if (looked.known && looked.known->outcome == "stored") file.known = looked.known->instance;
    if (looked.error) {
      file.error = std::move(looked.error);
      return;
    }
    if (looked.repeated && inputs_[i].read) {
      file.error = Error(Code::kBadFile, fmt::format("{}: there are two of this name", inputs_[i].path));
      return;
    }
    if (looked.repeated || (wanted == nullptr && settled(looked, slices_))) {
      file.kind = SurveyedFile::Kind::kUnchanged;
      return;
    }
    if (looked.look.telling_path) ++survey_.telling_paths;
    const bool same = looked.known && looked.known->sha256 == file.sha256;
    if (wanted == nullptr && same && looked.known->slices == slices_ && slices_ == "all") {
      file.kind = SurveyedFile::Kind::kTouched;
      return;
    }
    file.facts = std::move(looked.look.facts);
    file.in_series = looked.look.in_series;
    file.kind = !looked.known || !file.known ? SurveyedFile::Kind::kNew
                : same                       ? SurveyedFile::Kind::kStored
                                             : SurveyedFile::Kind::kChanged;
    if (!file.facts->instance.sop_uid.empty()) compare(i);
    if (file.kind == SurveyedFile::Kind::kNew || file.kind == SurveyedFile::Kind::kChanged ||
        file.kind == SurveyedFile::Kind::kStored) {
      group(i, looked.look);
    }
  }

  [[nodiscard]] std::string hash_of(std::size_t i) const {
    return base::sha256_hex(embedder::read_input(inputs_[i], options_.image.max_file_bytes));
  }

  /// With what the archive, or a file before this one, has under the object's identifier.
  void compare(std::size_t i) {
    SurveyedFile& file = survey_.files[i];
    const std::string& uid = file.facts->instance.sop_uid;
    try {
      const auto [first, fresh] = first_of_.try_emplace(uid, i);
      SurveyedFile& before = survey_.files[first->second];
      if (!fresh && before.kind != SurveyedFile::Kind::kRefused) {
        if (before.sha256.empty()) before.sha256 = hash_of(first->second);
        if (file.sha256.empty()) file.sha256 = hash_of(i);
        // What this file had before goes; what it has now is of another file.
        settle(file, before.kept ? *before.kept : StoredInstance{0, inputs_[first->second].path, before.sha256});
        return;
      }
      first->second = i;
      const std::optional<StoredInstance> stored = catalog_ != nullptr ? catalog_->instance_of(uid) : std::nullopt;
      if (!stored || stored->id == file.known) return;
      if (file.sha256.empty()) file.sha256 = hash_of(i);
      // What has no file does not lose it; but where there is one now, that is the object's place.
      const bool moved = !is_remote(inputs_[i].path) && (is_remote(stored->locator) || is_gone(stored->locator));
      if (file.sha256 == stored->sha256 && moved) {
        file.kind = SurveyedFile::Kind::kMoved;
      } else {
        settle(file, *stored);
      }
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      file.kind = SurveyedFile::Kind::kRefused;
      file.error = error;
    }
  }

  static void settle(SurveyedFile& file, const StoredInstance& kept) {
    file.kind = file.sha256 == kept.sha256 ? SurveyedFile::Kind::kCopy : SurveyedFile::Kind::kConflict;
    file.kept = kept;
  }

  void group(std::size_t i, Look& look) {
    const SurveyedFile& file = survey_.files[i];
    for (image::FrameInfo& info : look.frames) {
      if (!file.in_series) info.series_uid = fmt::format("file {}", i);
      grouping_.add(i, info);
    }
  }

  /// The unit that a file is committed with.
  Unit& unit_of(std::size_t i) {
    const SurveyedFile& file = survey_.files[i];
    if (!file.in_series) {
      if (alone_ == kNone || survey_.units[alone_].files.size() >= kUnitFiles) {
        alone_ = survey_.units.size();
        survey_.units.emplace_back();
      }
      return survey_.units[alone_];
    }
    const auto [unit, fresh] =
        studies_.try_emplace(file.facts->patient.key + ' ' + file.facts->study.uid, survey_.units.size());
    if (fresh) survey_.units.emplace_back();
    return survey_.units[unit->second];
  }

  /// Places of the frames of a group that are to be in the archive.
  [[nodiscard]] std::vector<std::uint64_t> places_in(const std::vector<embedder::PlacedFrame>& frames) const {
    if (options_.wanted == nullptr) return chosen(options_.slices, frames.size());
    std::vector<std::uint64_t> places;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const Wanted* const wanted = wanted_of(inputs_[frames[i].input]);
      if (wanted != nullptr && std::binary_search(wanted->frames.begin(), wanted->frames.end(), frames[i].frame)) {
        places.push_back(i);
      }
    }
    return places;
  }

  void plan() {
    // A file whose frames lie in two planes is in two groups of one unit.
    std::vector<bool> placed(inputs_.size(), false);
    std::optional<LiveFrames> there;
    if (catalog_ != nullptr) there.emplace(*catalog_);
    for (const embedder::SeriesOrInput& group : grouping_.take()) {
      const std::vector<embedder::PlacedFrame>& frames = group.series.frames;
      Unit& unit = unit_of(group.input);
      for (const embedder::PlacedFrame& frame : frames) {
        if (!placed[frame.input]) unit.files.push_back(frame.input);
        placed[frame.input] = true;
      }
      for (const std::uint64_t place : places_in(frames)) {
        const embedder::PlacedFrame& frame = frames[place];
        const SurveyedFile& file = survey_.files[frame.input];
        const bool stored = file.kind == SurveyedFile::Kind::kStored && there &&
                            there->has(*file.known, static_cast<std::int64_t>(frame.frame));
        if (stored) continue;
        unit.frames.push_back({frame.input, frame.frame, frame.along});
        ++survey_.frames;
      }
    }
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::span<const embedder::Input> inputs_;
  const SurveyOptions& options_;
  std::string slices_;
  Catalog* catalog_;
  const std::string& key_;
  base::ThreadPool pool_;
  Survey survey_;
  embedder::SeriesGrouping grouping_;
  std::unordered_set<std::string> paths_;
  std::map<std::string, std::size_t> first_of_;  ///< SOP instance -> the first file that has it
  std::map<std::string, std::size_t> studies_;   ///< -> its unit
  std::size_t alone_ = kNone;                    ///< the unit of files of no study
};

}  // namespace

Identifiers parse_identifiers(std::string_view name) {
  if (name == "hash") return Identifiers::kHash;
  if (name == "keep") return Identifiers::kKeep;
  if (name == "none") return Identifiers::kNone;
  throw Error(Code::kBadArgument, fmt::format("identifiers: expected hash, keep or none, got '{}'", name));
}

Survey survey(std::span<const embedder::Input> inputs, const SurveyOptions& options, Catalog* catalog,
              const std::string& key) {
  return Surveyor(inputs, options, catalog, key).run();
}

}  // namespace mi2::archive
