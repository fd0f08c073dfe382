#include "archive/adding.hpp"

#include <memory>
#include <new>
#include <utility>

#include "archive/object_facts.hpp"
#include "archive/packed.hpp"
#include "base/hash.hpp"
#include "image/thumbnail.hpp"

namespace mi2::archive {

Added Adding::run() {
  survey_ = survey(paths_.inputs, options_.survey, &archive_.catalog(), archive_.key());
  return finish();
}

Added Adding::run(Survey survey) {
  survey_ = std::move(survey);
  pixels_ = false;
  return finish();
}

Added Adding::finish() {
  added_.telling_paths = survey_.telling_paths;
  added_.skipped = paths_.skipped.size();
  added_.pictures = survey_.pictures;
  begin();
  embed();
  settle();
  if (added_.replaced > 0) find_left();
  return added_;
}

const std::string& Adding::slices_of(std::size_t file) const {
  if (options_.survey.wanted == nullptr) {
    return survey_.files[file].tiling.empty() ? slices_ : survey_.files[file].tiling;
  }
  const auto wanted = options_.survey.wanted->find(name_of(file));
  return wanted == options_.survey.wanted->end() ? slices_ : wanted->second.slices;
}

void Adding::refuse(std::size_t file, const Error& error) {
  catalog().refuse(name_of(file), mi2::name_of(error.code()), error.what());
  if (options_.on_refused) options_.on_refused(name_of(file), error);
  ++added_.refused;
}

void Adding::begin() {
  Catalog::Transaction all(catalog(), true);
  source_id_ = catalog().source(source_.kind, source_.url);
  const Slides& slides = options_.survey.slides;
  if (pixels_ && slides.kind != Slides::Kind::kAsBefore) {
    catalog().set_tiling(source_id_, slides.kind == Slides::Kind::kTiles ? to_string(slides.tiles) : "");
  }
  Provenance made_by = options_.given != nullptr ? options_.given->made_by() : embedder_.provenance();
  made_by.profile = mi2::name_of(options_.survey.image.profile);
  space_ = catalog().space(made_by);
  for (const embedder::Skipped& one : paths_.skipped) catalog().refuse(one.path, "skipped", one.reason);
  for (const SurveyedFile& file : survey_.files) {
    if (file.kind == SurveyedFile::Kind::kRefused) refuse(file.input, *file.error);
    added_.left_out += file.kind == SurveyedFile::Kind::kLeftOut ? 1 : 0;
    if (file.kind == SurveyedFile::Kind::kUnchanged || file.kind == SurveyedFile::Kind::kTouched) note_known(file);
    if (file.kind != SurveyedFile::Kind::kTouched) continue;
    std::optional<KnownFile> known = catalog().file(name_of(file.input));
    if (!known) continue;
    known->stamp = number_of(file.stamp);
    catalog().put_file(name_of(file.input), *known);
  }
  all.commit();
}

void Adding::note_known(const SurveyedFile& file) {
  ++added_.unchanged;
  if (!options_.on_outcome) return;
  const std::optional<KnownFile> known = catalog().file(name_of(file.input));
  if (!known || known->outcome == "unselected") return;
  settled_.emplace_back(file.input, known->outcome == "conflict" ? Outcome::kConflict : Outcome::kCopy);
}

embedder::Prepared Adding::prepare(OpenFile& file, const PlannedFrame& planned, std::uint64_t item) {
  if (!pixels_) return {};
  try {
    Seen seen;
    Pixels pixels = file.prepare(planned, [&](const ImageView& image) {
      if (options_.thumbnail != 0) seen.thumbnail = image::thumbnail(image, options_.thumbnail);
    });
    seen.pixels = std::move(pixels.fingerprint);
    seen_.put(item, std::move(seen));
    return {std::move(pixels), std::nullopt};
  } catch (const std::bad_alloc&) {
    throw no_memory_for(name_of(planned.file));
  }
}

embedder::NextItem Adding::items() {
  return [this, unit = std::size_t{0}, frame = std::size_t{0}, open = std::shared_ptr<OpenFile>(),
          opened = std::size_t{0}, window = std::string(),
          number = std::uint64_t{0}]() mutable -> std::optional<embedder::Item> {
    while (unit < survey_.units.size() && survey_.units[unit].frames.empty()) ++unit;
    if (unit == survey_.units.size()) return std::nullopt;
    const PlannedFrame planned = survey_.units[unit].frames[frame++];
    // At once: a unit whose frames have come is emptied.
    if (frame == survey_.units[unit].frames.size()) {
      ++unit;
      frame = 0;
    }
    // What is opened is seen through one window.
    if (!open || opened != planned.file || window != planned.window) {
      opened = planned.file;
      window = planned.window;
      open =
          std::make_shared<OpenFile>(paths_.inputs[opened], survey_.files[opened], embedder_, options_.survey, hashes_);
    }
    const auto frames = static_cast<std::uint64_t>(survey_.files[opened].facts->instance.frames);
    std::optional<FramePlace> place;
    if (frames > 1) place = FramePlace{planned.frame + 1, frames, {}};
    return embedder::Item{name_of(opened), place,
                          [this, open, planned, item = number++] { return prepare(*open, planned, item); }};
  };
}

void Adding::embed() {
  embedder::PipelineOptions pipeline;
  pipeline.batch = options_.batch;
  pipeline.threads = options_.survey.threads;
  pipeline.total = survey_.frames;
  pipeline.on_progress = options_.on_progress;
  pipeline.in_turn = options_.in_turn;
  commit_ready();
  if (survey_.frames == 0) return;
  if (options_.given != nullptr) return take_given(pipeline);
  embedder::embed_all(embedder_, items(), pipeline, [this](std::span<const embedder::Embedded> batch) {
    for (const embedder::Embedded& item : batch) {
      take(item);
      commit_ready();
    }
  });
}

void Adding::take_given(const embedder::PipelineOptions& pipeline) {
  embedder::prepare_all(items(), pipeline, [this](std::span<embedder::Ready> batch) {
    for (const embedder::Ready& ready : batch) {
      embedder::Embedded item;
      item.name = ready.name;
      std::vector<float> vector;
      if (ready.error) {
        item.error = &*ready.error;
      } else {
        vector = options_.given->vector_of(ready.name, survey_.units[unit_].frames[done_].frame);
        item.image = vector;
        if (ready.prepared.image) item.warnings = ready.prepared.image->warnings;
      }
      take(item);
      commit_ready();
    }
  });
}

void Adding::take(const embedder::Embedded& item) {
  const PlannedFrame& planned = survey_.units[unit_].frames[done_++];
  Seen seen = seen_.take(taken_++);
  if (item.error != nullptr) {
    failures_.emplace_back(planned, *item.error);
    return;
  }
  if (options_.on_warnings && !item.warnings.empty()) options_.on_warnings(item.name, item.warnings);
  StoredFrame stored;
  stored.file = planned.file;
  stored.facts.frame = static_cast<std::int64_t>(planned.frame);
  stored.facts.position = planned.position;
  stored.facts.tile = planned.tile;
  stored.facts.window = planned.window;
  stored.facts.localizer = planned.localizer;
  stored.facts.crc = base::crc32c(std::as_bytes(item.image));
  stored.facts.pixels = std::move(seen.pixels);
  stored.vector.assign(item.image.begin(), item.image.end());
  stored.thumbnail = std::move(seen.thumbnail);
  if (!catalog().has_upstream()) place(stored, archive_);
  stored_.push_back(std::move(stored));
}

}  // namespace mi2::archive
