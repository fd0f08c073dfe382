#include "archive/given/given.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/given/plan.hpp"
#include "archive/object_facts.hpp"
#include "archive/original.hpp"
#include "archive/same_vector.hpp"
#include "archive/scan/scan.hpp"
#include "archive/segments.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::given {
namespace {

/// Images without files that are surveyed together.
constexpr std::size_t kPortion = 8192;

class Giving final : public GivenVectors {
 public:
  Giving(Writer& archive, const Embedder& embedder, const vectors::VectorFile& file, const Source& source,
         const GivenOptions& options)
      : archive_(archive), embedder_(embedder), file_(file), source_(source), options_(options) {}

  Given run() {
    require_made_by(file_, embedder_, options_.add.survey.image);
    plan_ = plan(file_, options_, &archive_.catalog());
    given_.without_pixels = plan_.bare.size();
    given_.without_line = plan_.rows.without_line;
    given_.unused_lines = plan_.rows.unused_lines;
    given_.newer = plan_.newer;
    given_.added.unchanged = plan_.unchanged;
    compare_sample();
    compare_gone();
    refuse();
    add_files();
    retire_bare();
    add_bare();
    return given_;
  }

  [[nodiscard]] std::vector<float> vector_of(const std::string& path, std::uint64_t frame) const override {
    const Image& image = *images_.at(path);
    const auto row = std::ranges::lower_bound(image.rows, frame + 1, {}, &FrameRow::frame);
    if (row == image.rows.end() || row->frame != frame + 1) {
      throw Error(Code::kInternal, fmt::format("{}: no vector of frame {}", path, frame + 1));
    }
    return file_.vector(row->row);
  }

  [[nodiscard]] Provenance made_by() const override {
    if (file_.provenance()) return *file_.provenance();
    const Provenance model = embedder_.provenance();
    // How the model was run nobody has said.
    return {"unknown", model.weights_sha256, model.profile, "unknown", "unknown"};
  }

 private:
  /// Some of the images whose files are here, through the model: what was made of something else is noticed.
  void compare_sample() {
    if (plan_.files.empty() && plan_.bare.empty()) return;
    std::vector<Pixels> pixels;
    std::vector<std::uint64_t> rows;
    for (const OfFile& one : plan_.sample) {
      const FrameRow& row = plan_.rows.images[one.image].rows.front();
      try {
        ImageOptions image = options_.add.survey.image;
        image.frames = {FrameSelection::Kind::kNumber, row.frame};
        std::vector<std::byte> bytes = embedder::read_input(one.input, image.max_file_bytes);
        pixels.push_back(embedder_.open_image(std::move(bytes), one.input.path, image).prepare(0));
        rows.push_back(row.row);
      } catch (const Error& error) {
        if (error.code() == Code::kInternal) throw;  // of others the survey speaks
      }
    }
    if (rows.empty()) return;
    EmbeddingMatrix made;
    const auto pass = [&] { made = embedder_.embed_images(pixels); };
    if (options_.add.in_turn) {
      options_.add.in_turn(pass);
    } else {
      pass();
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double cosine = scan::inner_product(file_.vector(rows[i]), made.row(i));
      if (cosine >= kSameVector) continue;
      throw row_error(
          Code::kBadArgument, file_, rows[i],
          fmt::format("the model makes another vector of its image (cosine {:.3f}, expected {} or more): it is of "
                      "another model or profile, of another image, or the image has changed; nothing was added",
                      cosine, kSameVector));
    }
    given_.compared = rows.size();
  }

  /// By their vectors: a path that is gone may by now be the name of an image of somebody else's.
  void compare_gone() {
    for (const GoneFile& gone : plan_.gone) {
      Image& image = plan_.rows.images[gone.image];
      const std::vector<LiveRow> stored = archive_.catalog().rows_of(gone.instance);
      const bool same = std::ranges::all_of(
          image.rows, [&](const FrameRow& row) { return is_stored(file_.vector(row.row), row, stored); });
      if (same) {
        ++given_.added.unchanged;
        continue;
      }
      for (const FrameRow& row : image.rows) {
        plan_.rows.refused.push_back(
            {row.row, row_error(Code::kBadFile, file_, row.row,
                                "its file is gone, and the archive has another image of this name; remove that, or "
                                "call it otherwise")});
      }
      image.rows.clear();
    }
  }

  /// Whether a vector is one of those that the archive has of its frame.
  [[nodiscard]] bool is_stored(const std::vector<float>& vector, const FrameRow& row,
                               const std::vector<LiveRow>& stored) const {
    return std::ranges::any_of(stored, [&](const LiveRow& one) {
      // Which the middle one is, its file would say.
      if (row.frame != 0 && one.frame != static_cast<std::int64_t>(row.frame) - 1) return false;
      const std::vector<float> found = archive_.segments().read(one.row);
      require_written(archive_.folder(), one.row, found, one.crc);
      return scan::inner_product(vector, found) >= kSameVector;
    });
  }

  /// Rows that cannot be added, in place of those of an earlier run.
  void refuse() {
    const std::string below = fmt::format("{}:{}", kVectorsWay, file_.source());
    Catalog& catalog = archive_.catalog();
    if (plan_.rows.refused.empty() && catalog.refused_below(below).empty()) return;
    Catalog::Transaction all(catalog, true);
    for (const std::string& earlier : catalog.refused_below(below)) catalog.forget_refused(earlier);
    for (const RefusedRow& row : plan_.rows.refused) {
      const std::string name = fmt::format("{}/row {}", below, row.row + 1);
      catalog.refuse(name, mi2::name_of(row.error.code()), row.error.what());
      if (options_.add.on_refused) options_.add.on_refused(name, row.error);
      ++given_.added.refused;
    }
    all.commit();
  }

  [[nodiscard]] AddOptions add_options() const {
    AddOptions options = options_.add;
    options.survey.slices = {};
    options.given = this;
    return options;
  }

  void add_files() {
    if (plan_.files.empty()) return;
    embedder::ExpandedPaths paths;
    WantedFiles wanted;
    for (const OfFile& one : plan_.files) {
      images_.emplace(one.input.path, &plan_.rows.images[one.image]);
      wanted.emplace(one.input.path, one.wanted);
      paths.inputs.push_back(one.input);
    }
    AddOptions options = add_options();
    options.survey.wanted = &wanted;
    options.survey.describe = [this](const std::string& path, Look& look) { describe(path, look); };
    options.on_outcome = [&](std::string_view name, Outcome outcome) {
      if (outcome != Outcome::kConflict) of_files_.push_back(images_.at(std::string(name)));
      if (options_.add.on_outcome) options_.add.on_outcome(name, outcome);
    };
    given_.added += archive::add(archive_, embedder_, paths, source_, options);
  }

  /// What a file does not say, the table may.
  void describe(const std::string& path, Look& look) const {
    const Image& image = *images_.at(path);
    if (!image.line) return;
    const bool more = options_.table->fill(*image.line, options_.add.survey, archive_.key(), *look.facts);
    if (!more || look.in_series) return;
    look.in_series = true;
    name_missing(*look.facts, base::sha256_hex(std::as_bytes(std::span(path))));
    for (image::FrameInfo& info : look.frames) info.series_uid = series_key(*look.facts);
  }

  /// Images that were added before their files were here, by this source: also those that a run which was ended, or
  /// who added the files themselves, left behind.
  void retire_bare() {
    for (const std::size_t i : plan_.there) of_files_.push_back(&plan_.rows.images[i]);
    Catalog& catalog = archive_.catalog();
    std::vector<Id> left;
    for (const Image* const image : of_files_) {
      const std::optional<KnownFile> known = catalog.file(locator_of(*image));
      if (!known || !known->instance) continue;
      const std::optional<ArchivedObject> object = catalog.object(*known->instance, false);
      if (object && object->source_url == source_.url) left.push_back(*known->instance);
    }
    if (left.empty()) return;
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("replace", 0);
    std::set<Id> touched;
    for (const Id instance : left) {
      if (const auto series = catalog.retire_instance(instance, seq)) touched.insert(*series);
      ++given_.added.replaced;
    }
    for (const Id series : touched) archive_.pool_again(series, seq);
    archive_.segments().sync();
    all.commit();
  }

  void add_bare() {
    std::vector<std::size_t> bare = plan_.bare;
    const auto study_of = [this](std::size_t i) {
      const Image& image = plan_.rows.images[i];
      return image.line ? options_.table->study_of(*image.line) : std::string("\n");
    };
    // A study is committed together.
    if (options_.table != nullptr) std::ranges::stable_sort(bare, {}, study_of);
    for (std::size_t first = 0; first < bare.size();) {
      std::size_t end = std::min(first + kPortion, bare.size());
      const auto goes_on = [&] {
        return study_of(bare[end]) != "\n" && study_of(bare[end]) == study_of(bare[end - 1]);
      };
      while (end < bare.size() && goes_on()) ++end;
      add_portion(std::span(bare).subspan(first, end - first));
      first = end;
    }
  }

  void add_portion(std::span<const std::size_t> some) {
    embedder::ExpandedPaths names;
    images_.clear();
    for (const std::size_t i : some) {
      names.inputs.push_back({locator_of(plan_.rows.images[i])});
      images_.emplace(names.inputs.back().path, &plan_.rows.images[i]);
    }
    Survey survey = survey_of(file_, plan_, some, source_, options_, &archive_.catalog(), archive_.key());
    std::set<std::string> studies;
    for (const SurveyedFile& one : survey.files) {
      if (one.facts) studies.insert(one.in_series ? one.facts->patient.key + ' ' + one.facts->study.uid : "");
    }
    Added added = add_without_pixels(archive_, embedder_, names, std::move(survey), source_, add_options());
    added.studies = studies.size();
    given_.added += added;
  }

  Writer& archive_;
  const Embedder& embedder_;
  const vectors::VectorFile& file_;
  const Source& source_;
  const GivenOptions& options_;
  Plan plan_;
  Given given_;
  std::unordered_map<std::string, const Image*> images_;  ///< of what is being added, by its path
  std::vector<const Image*> of_files_;                    ///< that the archive has of their files now
};

}  // namespace

void require_made_by(const vectors::VectorFile& file, const Embedder& embedder, const ImageOptions& image) {
  const auto refuse = [&](std::string_view what, std::string_view wanted, std::string_view got) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected vectors of {} {:.64}, as the model makes them, got {} "
                                                "{:.64}; vectors of two spaces do not compare",
                                                file.source(), what, wanted, what, got));
  };
  const auto dimensions = static_cast<std::size_t>(embedder.dimensions());
  if (file.dimensions() != dimensions) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected vectors of {} numbers, as the model makes them, got {}",
                                                file.source(), dimensions, file.dimensions()));
  }
  if (!file.provenance()) return;
  const Provenance& found = *file.provenance();
  const std::string weights = embedder.provenance().weights_sha256;
  if (found.weights_sha256 != weights) refuse("weights", weights, base::printable(found.weights_sha256));
  const std::string_view profile = mi2::name_of(image.profile);
  if (found.profile != profile) refuse("profile", profile, base::printable(found.profile));
}

Given add(Writer& archive, const Embedder& embedder, const vectors::VectorFile& file, const Source& source,
          const GivenOptions& options) {
  require_one_window(archive.format().space, archive.folder().string());
  return Giving(archive, embedder, file, source, options).run();
}

Preview preview(Catalog* catalog, const std::string& key, const vectors::VectorFile& file, const Source& source,
                const GivenOptions& options) {
  const Plan planned = plan(file, options, catalog);
  Preview found;
  found.unchanged = planned.unchanged + planned.gone.size();
  found.by_name = planned.gone.size();
  found.refused = planned.rows.refused.size();
  for (const OfFile& one : planned.files) {
    if (one.error) {
      ++found.refused;
    } else {
      found.images += one.wanted.frames.size();
    }
  }
  found.without_pixels = planned.bare.size();
  const Survey bare = survey_of(file, planned, planned.bare, source, options, catalog, key);
  for (const SurveyedFile& one : bare.files) {
    found.unchanged += one.kind == SurveyedFile::Kind::kUnchanged ? 1 : 0;
    found.refused += one.kind == SurveyedFile::Kind::kRefused ? 1 : 0;
  }
  found.images += bare.frames;
  return found;
}

}  // namespace mi2::archive::given
