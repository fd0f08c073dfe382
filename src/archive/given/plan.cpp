#include "archive/given/plan.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "archive/containers.hpp"
#include "archive/live_frames.hpp"
#include "archive/object_facts.hpp"
#include "archive/original.hpp"
#include "archive/packed.hpp"
#include "archive/sources.hpp"
#include "base/hash.hpp"

namespace mi2::archive::given {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTiled = "the archive has its file by the tiles of a slide";
/// Rows without files that are committed together, with all of their studies.
constexpr std::size_t kUnitRows = 1024;
/// Vectors of files that the model makes again before the file of vectors is believed.
constexpr std::size_t kSample = 8;

class Planning {
 public:
  Planning(const vectors::VectorFile& file, const GivenOptions& options, Catalog* catalog)
      : file_(file),
        options_(options),
        catalog_(catalog),
        containers_(options.archive),
        pool_(options.add.survey.threads) {}

  Plan run() {
    plan_.rows = rows_of(file_, options_.table, options_.files, options_.add.on_progress);
    if (options_.files) written_ = written_of(file_.source());
    for (std::size_t i = 0; i < plan_.rows.images.size(); ++i) place(i);
    pool_.run(plan_.files.size(), [&](std::size_t i) { count(plan_.files[i]); });
    for (OfFile& one : plan_.files) settle(one);
    std::erase_if(plan_.files, [&](const OfFile& one) { return plan_.rows.images[one.image].rows.empty(); });
    draw_sample();
    for (const OfFile& one : plan_.files) {
      if (one.there) plan_.there.push_back(one.image);
    }
    std::erase_if(plan_.files, [](const OfFile& one) { return one.there; });
    for (const std::size_t i : plan_.bare) number_frames(plan_.rows.images[i], 0, 0);
    std::erase_if(plan_.bare, [&](std::size_t i) { return plan_.rows.images[i].rows.empty(); });
    return std::move(plan_);
  }

 private:
  /// When the vectors were written, in nanoseconds; nothing of what is in memory.
  static std::optional<std::int64_t> written_of(const std::string& source) {
    try {
      return stamp_of(embedder::Input{source}).mtime_ns;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  /// Where an image may be: from where its table is, where the program runs, and where the vectors are.
  [[nodiscard]] std::vector<std::string> places_of(const Image& image) const {
    std::vector<fs::path> folders;
    if (options_.table != nullptr && !file_.named()) folders.push_back(options_.table->folder());
    folders.emplace_back();
    folders.push_back(fs::path(file_.source()).parent_path());
    std::vector<std::string> places;
    for (const fs::path& folder : folders) {
      std::string place = whole_path((folder / image.name).string());
      if (std::ranges::find(places, place) == places.end()) places.push_back(std::move(place));
    }
    return places;
  }

  std::optional<embedder::Input> input_at(const std::string& path) {
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return embedder::Input{path};
    const std::string file = container_of(path);
    return file.empty() ? std::nullopt : containers_.find(file, path);
  }

  void place(std::size_t i) {
    const Image& image = plan_.rows.images[i];
    if (!options_.files || !has_names()) return plan_.bare.push_back(i);
    const std::vector<std::string> places = places_of(image);
    for (const std::string& path : places) {
      std::optional<embedder::Input> input = input_at(path);
      if (!input) continue;
      if (taken_.insert(path).second) {
        OfFile& one = plan_.files.emplace_back();
        one.image = i;
        one.input = std::move(*input);
      } else {
        refuse(i, "a row before it is of the same file");
      }
      return;
    }
    place_without_file(i, places);
  }

  /// What was added while its file was there is the same image, if the archive has the frames that rows are of.
  void place_without_file(std::size_t i, std::span<const std::string> places) {
    std::optional<KnownFile> known;
    for (const std::string& path : places) {
      if (catalog_ != nullptr && !known) known = catalog_->file(path);
      if (known && known->outcome != "stored") known.reset();
    }
    if (!known) return plan_.bare.push_back(i);
    if (is_tiled(*known)) return refuse(i, kTiled);
    std::vector<std::int64_t> live;
    if (known->instance) {
      for (const LiveFrame& one : catalog_->live_frames(*known->instance)) live.push_back(one.frame);
    }
    const bool has_all = std::ranges::all_of(plan_.rows.images[i].rows, [&](const FrameRow& row) {
      // Which the middle one is, its file would say.
      return row.frame == 0 ? !live.empty()
                            : std::ranges::binary_search(live, static_cast<std::int64_t>(row.frame) - 1);
    });
    if (has_all && known->instance) {
      plan_.gone.push_back({i, *known->instance});
    } else {
      refuse(i, "its file is gone, and the archive has other frames of it");
    }
  }

  /// Whether frames of a file's object are tiles: rows of files of vectors are of its pages.
  [[nodiscard]] bool is_tiled(const KnownFile& known) {
    if (!has_tiles_) has_tiles_ = catalog_->tiles() > 0;
    if (!*has_tiles_ || !known.instance) return false;
    const std::vector<FrameTile> frames = catalog_->tiles_of(*known.instance);
    return std::ranges::any_of(frames, [](const FrameTile& frame) { return frame.tile.has_value(); });
  }

  /// A few images whose files can be read, from the first to the last, whether the archive has them or not.
  void draw_sample() {
    std::vector<const OfFile*> readable;
    for (const OfFile& one : plan_.files) {
      if (!one.error) readable.push_back(&one);
    }
    const std::size_t count = std::min(readable.size(), kSample);
    for (std::size_t i = 0; i < count; ++i) plan_.sample.push_back(*readable[i * readable.size() / count]);
  }

  /// Whether images have names of their own.
  [[nodiscard]] bool has_names() const {
    return file_.named() || (options_.table != nullptr && options_.table->named());
  }

  void refuse(std::size_t image, std::string_view what) {
    Image& refused = plan_.rows.images[image];
    for (const FrameRow& row : refused.rows) {
      plan_.rows.refused.push_back({row.row, row_error(Code::kBadFile, file_, row.row, what)});
    }
    refused.rows.clear();
  }

  /// Which frames rows are of that name none. @param frames  0: not known.
  void number_frames(Image& image, std::uint64_t frames, std::uint64_t middle) {
    std::vector<FrameRow> kept;
    std::set<std::uint64_t> seen;
    std::ranges::stable_sort(image.rows, {}, &FrameRow::row);
    for (FrameRow& row : image.rows) {
      if (row.frame == 0) row.frame = middle + 1;
      std::string fault;
      if (frames != 0 && row.frame > frames) fault = fmt::format("frame {} of an image of {}", row.frame, frames);
      if (row.frame > kMostFrames) fault = fmt::format("frame {}, the limit is {}", row.frame, kMostFrames);
      if (fault.empty() && !seen.insert(row.frame).second) fault = "a row before it is of the same image";
      if (fault.empty()) {
        kept.push_back(row);
      } else {
        plan_.rows.refused.push_back({row.row, row_error(Code::kBadFile, file_, row.row, fault)});
      }
    }
    std::ranges::sort(kept, {}, &FrameRow::frame);
    image.rows = std::move(kept);
    if (frames != 0) image.frames = frames;
    if (!image.rows.empty()) image.frames = std::max(image.frames, image.rows.back().frame);
  }

  struct Counted {
    FrameCount count;
    Stamp stamp;
  };

  /// On any thread.
  void count(OfFile& one) {
    Counted counted;
    try {
      if (one.input.error) throw Error(*one.input.error);
      counted.stamp = stamp_of(one.input);
      counted.count = count_frames(one.input, options_.add.survey.image);
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      one.error = error;
    } catch (const std::bad_alloc&) {
      one.error = no_memory_for(one.input.path);
    }
    const std::lock_guard lock(mutex_);
    counted_.emplace(&one, counted);
  }

  void settle(OfFile& one) {
    Image& image = plan_.rows.images[one.image];
    const Counted& counted = counted_.at(&one);
    // The survey fails at it again, and says so.
    number_frames(image, one.error ? 0 : counted.count.frames, counted.count.middle);
    if (image.rows.empty()) return;
    for (const FrameRow& row : image.rows) one.wanted.frames.push_back(row.frame - 1);
    // With frames that no row is of it is looked at again by who adds the file itself.
    one.wanted.slices = one.wanted.frames.size() == counted.count.frames ? "all" : "vectors";
    if (one.error) return;
    const std::optional<KnownFile> known = catalog_ != nullptr ? catalog_->file(one.input.path) : std::nullopt;
    if (known && is_tiled(*known)) return refuse(one.image, kTiled);
    if (known) {
      one.wanted.sha256 = known->stamp == number_of(counted.stamp) ? known->sha256 : hash_of(one);
      one.there = one.wanted.sha256 == known->sha256 && has_all(*known, one.wanted.frames);
    }
    const bool is_newer = written_ && counted.stamp.mtime_ns > *written_;
    if (one.there) {
      ++plan_.unchanged;
    } else if (is_newer && known && known->instance && one.wanted.sha256 != known->sha256) {
      refuse(one.image, "its file has changed since the archive read it, and is newer than the vectors");
    } else if (is_newer) {
      ++plan_.newer;
    }
  }

  [[nodiscard]] bool has_all(const KnownFile& known, const std::vector<std::uint64_t>& frames) const {
    if (known.outcome != "stored") return known.outcome == "copy" || known.outcome == "conflict";
    if (!known.instance) return false;
    LiveFrames live(*catalog_);
    return std::ranges::all_of(
        frames, [&](std::uint64_t frame) { return live.has(*known.instance, static_cast<std::int64_t>(frame), {}); });
  }

  std::string hash_of(OfFile& one) {
    try {
      return base::sha256_hex(embedder::read_input(one.input, options_.add.survey.image.max_file_bytes));
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      one.error = error;
      return {};
    }
  }

  const vectors::VectorFile& file_;
  const GivenOptions& options_;
  Catalog* catalog_;
  Containers containers_;
  base::ThreadPool pool_;
  std::mutex mutex_;
  Plan plan_;
  std::optional<std::int64_t> written_;
  std::optional<bool> has_tiles_;  ///< the archive; empty: nobody asked
  std::set<std::string> taken_;
  std::map<const OfFile*, Counted> counted_;
};

/// The content of an image without a file: its vectors, and what the table says.
std::string content_of(const vectors::VectorFile& file, const Image& image, const FactsTable* table) {
  std::string bytes;
  for (const FrameRow& row : image.rows) {
    const std::vector<float> vector = file.vector(row.row);
    bytes += fmt::format("{} {}\n", row.frame, base::sha256_hex(std::as_bytes(std::span(vector))));
    if (row.line && row.line != image.line) bytes += table->text_of(*row.line);
  }
  if (image.line) bytes += table->text_of(*image.line);
  return base::sha256_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace

std::string locator_of(const Image& image) { return fmt::format("{}:{}", kVectorsWay, image.name); }

Plan plan(const vectors::VectorFile& file, const GivenOptions& options, Catalog* catalog) {
  return Planning(file, options, catalog).run();
}

Survey survey_of(const vectors::VectorFile& file, const Plan& plan, std::span<const std::size_t> some,
                 const Source& source, const GivenOptions& options, Catalog* catalog, const std::string& key) {
  const FactsTable* const table = options.table;
  Survey survey;
  std::map<std::string, std::size_t> studies;
  // Nothing is embedded: a commit for each study would take longer than all the rest.
  const auto unit_of = [&](const SurveyedFile& one) -> Unit& {
    const std::string study = one.in_series ? one.facts->patient.key + ' ' + one.facts->study.uid : std::string();
    const auto known = one.in_series ? studies.find(study) : studies.end();
    if (known != studies.end()) return survey.units[known->second];
    if (survey.units.empty() || survey.units.back().frames.size() >= kUnitRows) survey.units.emplace_back();
    if (one.in_series) studies.emplace(study, survey.units.size() - 1);
    return survey.units.back();
  };
  for (const std::size_t i : some) {
    const Image& image = plan.rows.images[i];
    SurveyedFile& one = survey.files.emplace_back();
    one.input = survey.files.size() - 1;
    try {
      const std::string locator = locator_of(image);
      one.sha256 = content_of(file, image, table);
      const std::optional<KnownFile> known = catalog != nullptr ? catalog->file(locator) : std::nullopt;
      if (known && known->instance && known->sha256 == one.sha256) {
        one.kind = SurveyedFile::Kind::kUnchanged;
        continue;
      }
      if (known && known->instance) {
        const std::optional<ArchivedObject> object = catalog->object(*known->instance, false);
        if (object && object->source_url != source.url) {
          throw row_error(Code::kBadFile, file, image.rows.front().row,
                          "the archive has another vector of this name, of another source; remove that, or call it "
                          "otherwise");
        }
        one.known = known->instance;
      }
      one.facts = std::make_unique<ObjectFacts>();
      InstanceFacts& instance = one.facts->instance;
      instance.locator = locator;
      instance.frames = static_cast<std::int64_t>(image.frames);
      instance.size = static_cast<std::int64_t>(image.rows.size() * file.dimensions() * sizeof(float));
      if (image.line) {
        one.in_series = table->fill(*image.line, options.add.survey, key, *one.facts);
        if (one.in_series) name_missing(*one.facts, one.sha256);
      }
      std::vector<std::optional<double>> positions;
      for (const FrameRow& row : image.rows) {
        const std::optional<std::size_t> line = row.line ? row.line : image.line;
        positions.push_back(line ? table->position_of(*line) : std::nullopt);
      }
      one.kind = one.known ? SurveyedFile::Kind::kChanged : SurveyedFile::Kind::kNew;
      Unit& unit = unit_of(one);
      unit.files.push_back(one.input);
      for (std::size_t r = 0; r < image.rows.size(); ++r) {
        unit.frames.push_back({one.input, image.rows[r].frame - 1, positions[r]});
      }
      survey.frames += image.rows.size();
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      one.kind = SurveyedFile::Kind::kRefused;
      one.error = error;
    }
  }
  return survey;
}

}  // namespace mi2::archive::given
