#include "archive/add.hpp"

#include <utility>

#include "archive/adding.hpp"
#include "archive/portions.hpp"

namespace mi2::archive {

Added& Added::operator+=(const Added& more) noexcept {
  for (const auto part : {&Added::images, &Added::studies, &Added::unchanged, &Added::copies, &Added::conflicts,
                          &Added::moved, &Added::replaced, &Added::refused, &Added::skipped, &Added::telling_paths}) {
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
  added += more;
  return added;
}

}  // namespace

Added add(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, const Source& source,
          const AddOptions& options) {
  if (options.most_frames == 0) return add_portion(archive, embedder, paths, source, options);
  AddOptions bounded = options;
  bounded.survey.claim_frames = at_most(options.most_frames);
  Added added;
  for (const embedder::ExpandedPaths& portion : portions_of(paths, options.survey.image, options.most_frames)) {
    added += add_portion(archive, embedder, portion, source, bounded);
  }
  return added;
}

Added add_without_pixels(Writer& archive, const Embedder& embedder, const embedder::ExpandedPaths& paths, Survey survey,
                         const Source& source, const AddOptions& options) {
  return Adding(archive, embedder, paths, source, options).run(std::move(survey));
}

}  // namespace mi2::archive
