#include "archive/add.hpp"

#include <algorithm>
#include <utility>

#include "archive/adding.hpp"
#include "archive/portions.hpp"
#include "archive/windows.hpp"
#include "embedder/slides.hpp"

namespace mi2::archive {

Added& Added::operator+=(const Added& more) noexcept {
  for (const auto part : {&Added::images, &Added::studies, &Added::unchanged, &Added::copies, &Added::conflicts,
                          &Added::moved, &Added::replaced, &Added::refused, &Added::skipped, &Added::telling_paths,
                          &Added::pictures, &Added::left_out, &Added::rows}) {
    this->*part += more.*part;
  }
  return *this;
}

namespace {

Added add_portion(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
                  const AddOptions& options) {
  Adding adding(archive, embedder, paths, source, options);
  Added added = adding.run();
  if (adding.left().empty()) return added;
  // Again, as the first that have their objects.
  embedder::ExpandedPaths left;
  left.inputs = adding.left();
  Added more = Adding(archive, embedder, left, source, options).run();
  more.telling_paths = 0;  // they were counted
  more.pictures = 0;
  added += more;
  return added;
}

}  // namespace

Slides slides_of(Catalog* catalog, const Source& source, Slides slides) {
  if (catalog != nullptr && slides.kind == Slides::Kind::kAsBefore) {
    slides.source = parse_tiling(catalog->tiling(source.url));
  }
  return slides;
}

void use_windows(const Space& space, SurveyOptions& survey) {
  survey.windows = several_windows(space);
  if (!survey.windows.empty()) survey.image.window.reset();
}

Added add(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
          const AddOptions& options) {
  AddOptions own = options;
  own.survey.slides = slides_of(&archive.catalog(), source, options.survey.slides);
  own.survey.slides.model_size = [&embedder] { return embedder::model_size(embedder); };
  use_windows(archive.format().space, own.survey);
  if (own.most_frames == 0) return add_portion(archive, embedder, paths, source, own);
  own.survey.claim_frames = at_most(own.most_frames);
  // Which files are of CT is not known yet.
  const std::uint64_t most =
      std::max<std::uint64_t>(1, own.most_frames / std::max<std::size_t>(1, own.survey.windows.size()));
  Added added;
  for (const embedder::ExpandedPaths& portion : portions_of(paths, own.survey.image, most)) {
    added += add_portion(archive, embedder, portion, source, own);
  }
  return added;
}

Added add_without_pixels(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, Survey survey,
                         const Source& source, const AddOptions& options) {
  return Adding(archive, embedder, paths, source, options).run(std::move(survey));
}

}  // namespace mi2::archive
