#include "archive/survey.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <new>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "archive/live_frames.hpp"
#include "archive/object_facts.hpp"
#include "archive/object_filter.hpp"
#include "archive/packed.hpp"
#include "archive/slide_survey.hpp"
#include "archive/volumes.hpp"
#include "base/hash.hpp"
#include "base/thread_pool.hpp"
#include "dicom/slide.hpp"
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
  bool settled = false;   ///< what is known of it settles it without a look inside
  bool left_out = false;  ///< the filter does not let it by
  std::string tiling;     ///< by which tiles it is added; empty: by none
};

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
        pool_(options.threads),
        slides_(inputs, options, key, catalog, survey_, [this](std::size_t i) { compare(i); }) {}

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
    for (auto& [file, look] : aside_) settle_aside(file, look);
    plan();
    slides_.plan();
    return std::move(survey_);
  }

 private:
  void look(const embedder::Input& input, Looked& file) const {
    try {
      if (input.error) throw Error(*input.error);
      if (file.repeated) return;
      file.stamp = stamp_of(input);
      const Wanted* const wanted = wanted_of(input);
      file.settled = wanted == nullptr && settled(input, file);
      if (file.settled) return;
      file.tiling = tiling_of(input, file);
      // What is wanted has its hash already, which is compared where the file is read.
      const bool hashed = wanted == nullptr && file.known.has_value();
      if (file.tiling.empty()) {
        file.look = look_at(input, options_, key_, hashed);
        // In an archive of files, which are looked at one by one.
        if (input.read && file.look.slide && options_.slides.kind == Slides::Kind::kTiles) {
          static_cast<void>(look_at_slide(input, options_, key_, false));
        }
        if (options_.describe) options_.describe(input.path, file.look);
        file.left_out = is_left_out(input, file.look);
        return;
      }
      const bool same = hashed && file.known->stamp == number_of(file.stamp) && !file.known->sha256.empty();
      file.look = look_at_slide(input, options_, key_, hashed && !same);
      if (same) file.look.sha256 = file.known->sha256;
      file.left_out = is_left_out(input, file.look);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      file.error = error;
    } catch (const std::bad_alloc&) {
      file.error = no_memory_for(input.path);
    }
  }

  [[nodiscard]] bool is_left_out(const embedder::Input& input, const Look& look) const {
    return options_.where && !lets_by(*options_.where, *look.facts, input.path);
  }

  /// With a choice of slices, others may be chosen as the series grows.
  [[nodiscard]] bool settled(const embedder::Input& input, const Looked& file) const {
    if (!file.known || file.known->stamp != number_of(file.stamp)) return false;
    const std::optional<SlideOptions> tiling = tiling_for(options_.slides, file.known);
    if (tiling && file.known->slices == to_string(*tiling)) return true;
    if (file.known->slices != slices_ || slices_ != "all") return false;
    const std::string& kind = file.known->sop_class;
    const bool is_other = !kind.empty() && kind != dicom::kSlideClass;  // known without a look into the file
    return !tiling || is_other || !is_slide(input);                     // or it was a picture
  }

  [[nodiscard]] std::string tiling_of(const embedder::Input& input, const Looked& file) const {
    if (const Wanted* const wanted = wanted_of(input)) return wanted->tiles.empty() ? "" : "wanted";
    const std::optional<SlideOptions> tiling = tiling_for(options_.slides, file.known);
    return tiling && is_slide(input) ? to_string(*tiling) : "";
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
    if (looked.repeated || looked.settled) {
      file.kind = SurveyedFile::Kind::kUnchanged;
      if (looked.settled && parse_tiling(looked.known->slices)) {
        file.tiling = looked.known->slices;
        file.sha256 = looked.known->sha256;
        slides_.add(i, true);
      }
      return;
    }
    const bool same = looked.known && looked.known->sha256 == file.sha256;
    const bool tiled = !looked.tiling.empty();
    const bool touched = !tiled && wanted == nullptr && same && looked.known->slices == slices_ && slices_ == "all";
    if (looked.left_out && !touched) {
      file.kind = SurveyedFile::Kind::kLeftOut;
      if (options_.left_out != nullptr) options_.left_out->add(inputs_[i].path, *looked.look.facts);
      return;
    }
    if (looked.look.telling_path) ++survey_.telling_paths;
    if (touched) {
      file.kind = SurveyedFile::Kind::kTouched;
      return;
    }
    file.facts = std::move(looked.look.facts);
    file.in_series = looked.look.in_series;
    file.windowed = looked.look.windowed;
    file.kind = !looked.known || !file.known ? SurveyedFile::Kind::kNew
                : same                       ? SurveyedFile::Kind::kStored
                                             : SurveyedFile::Kind::kChanged;
    file.tiling = std::move(looked.tiling);
    if (tiled && wanted == nullptr) return slides_.add(i, false);
    const bool may_be_level = looked.look.slide && file.in_series && !inputs_[i].read && options_.slides.model_size &&
                              options_.slides.kind == Slides::Kind::kAsBefore;
    if (may_be_level && wanted == nullptr) {
      aside_.emplace_back(i, std::move(looked.look));
    } else {
      take(i, looked.look, wanted);
    }
  }

  /// An object of a slide of which nobody says how it is added: as others of its series, or as a picture.
  void settle_aside(std::size_t i, Look& look) {
    survey_.files[i].tiling = slides_.tiling_of_series(i);
    if (survey_.files[i].tiling.empty()) return take(i, look, nullptr);
    slides_.add(i, false);
  }

  /// A file that is known to be new, another than it was, or to be looked at again.
  void take(std::size_t i, Look& look, const Wanted* wanted) {
    SurveyedFile& file = survey_.files[i];
    const bool tiled = !file.tiling.empty();
    // What the archive has of it are tiles, which its frames are not.
    if (!tiled && file.kind == SurveyedFile::Kind::kStored && has_tiles(*file.known)) {
      file.kind = SurveyedFile::Kind::kChanged;
    }
    survey_.pictures += look.slide && !tiled ? 1 : 0;
    if (!file.facts->instance.sop_uid.empty()) compare(i);
    if (file.kind == SurveyedFile::Kind::kNew || file.kind == SurveyedFile::Kind::kChanged ||
        file.kind == SurveyedFile::Kind::kStored) {
      if (tiled) return slides_.plan_wanted(i, *wanted);
      group(i, look);
    }
  }

  [[nodiscard]] bool has_tiles(Id instance) const {
    const std::vector<FrameTile> frames = catalog_->tiles_of(instance);
    return std::any_of(frames.begin(), frames.end(), [](const FrameTile& one) { return one.tile.has_value(); });
  }

  [[nodiscard]] std::string hash_of(std::size_t i) const {
    if (!survey_.files[i].tiling.empty()) return base::sha256_hex(std::filesystem::path(inputs_[i].path));
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

  /// The frames of a group that are to be in the archive.
  [[nodiscard]] std::vector<embedder::PlacedFrame> chosen_of(std::span<const embedder::PlacedFrame> frames) const {
    if (options_.wanted == nullptr) return chosen(options_.slices, frames);
    std::vector<embedder::PlacedFrame> found;
    std::copy_if(frames.begin(), frames.end(), std::back_inserter(found), [&](const embedder::PlacedFrame& frame) {
      const Wanted* const wanted = wanted_of(inputs_[frame.input]);
      return wanted != nullptr && std::binary_search(wanted->frames.begin(), wanted->frames.end(), frame.frame);
    });
    return found;
  }

  void plan() {
    // A file whose frames lie in two planes is in two groups of one unit.
    std::vector<bool> placed(inputs_.size(), false);
    std::optional<LiveFrames> there;
    if (catalog_ != nullptr) there.emplace(*catalog_);
    for (const embedder::SeriesOrInput& group : grouping_.take()) {
      Unit& unit = unit_of(group.input);
      for (const embedder::PlacedFrame& frame : group.series.frames) {
        if (!placed[frame.input]) unit.files.push_back(frame.input);
        placed[frame.input] = true;
      }
      const std::vector<embedder::PlacedFrame> frames = chosen_of(group.series.frames);
      const bool windowed = std::any_of(frames.begin(), frames.end(), [&](const embedder::PlacedFrame& frame) {
        return survey_.files[frame.input].windowed;
      });
      // A window after the other: a file of many frames is opened once for each.
      for (std::size_t w = 0; w < (windowed ? options_.windows.size() : 1); ++w) {
        for (const embedder::PlacedFrame& frame : frames) {
          const bool of_several = survey_.files[frame.input].windowed;
          if (w > 0 && !of_several) continue;
          plan(frame, of_several ? options_.windows[w] : std::string(), there, unit);
        }
      }
    }
  }

  void plan(const embedder::PlacedFrame& frame, const std::string& window, std::optional<LiveFrames>& there,
            Unit& unit) {
    const SurveyedFile& file = survey_.files[frame.input];
    const bool stored = file.kind == SurveyedFile::Kind::kStored && there &&
                        there->has(*file.known, static_cast<std::int64_t>(frame.frame), window);
    if (stored) return;
    unit.frames.push_back({frame.input, frame.frame, frame.along, {}, window, frame.group.localizer});
    ++survey_.frames;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::span<const embedder::Input> inputs_;
  const SurveyOptions& options_;
  std::string slices_;
  Catalog* catalog_;
  const std::string& key_;
  base::ThreadPool pool_;
  Survey survey_;
  SlideSurvey slides_;
  std::vector<std::pair<std::size_t, Look>> aside_;  ///< objects of slides that may be levels of others
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

std::uint64_t images_of(const Survey& survey) {
  std::set<std::pair<std::size_t, std::uint64_t>> images;
  for (const Unit& unit : survey.units) {
    for (const PlannedFrame& planned : unit.frames) images.emplace(planned.file, planned.frame);
  }
  return images.size();
}

Survey survey(std::span<const embedder::Input> inputs, const SurveyOptions& options, Catalog* catalog,
              const std::string& key) {
  return Surveyor(inputs, options, catalog, key).run();
}

}  // namespace mi2::archive
