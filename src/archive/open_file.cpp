#include "archive/open_file.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/tiling.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"

namespace mi2::archive {

Pixels OpenFile::prepare(const PlannedFrame& planned, const std::function<void(const ImageView&)>& see) {
  std::call_once(once_, [&] {
    if (planned.tile) {
      open_slide(planned);
    } else {
      open(planned.window);
    }
  });
  if (image_) return image_->prepare(planned.frame, see);
  Pixels pixels = slide_->preparer.prepare(*slide_->tiles, planned.frame, input_.path, slide_->size.width,
                                           slide_->size.height, see);
  // What was read of a slide would stay in this process's memory.
  constexpr std::uint64_t kTilesBetween = 64;
  slide_->file.check();
  if ((slide_->read.fetch_add(1) + 1) % kTilesBetween == 0) slide_->file.release(0, slide_->file.bytes().size());
  return pixels;
}

void OpenFile::note_hash(std::string sha256, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool other = !file_.sha256.empty() && file_.sha256 != sha256;
  if (other || bytes != static_cast<std::size_t>(file_.facts->instance.size)) {
    throw Error(Code::kBadFile, fmt::format("{}: changed while it was read", input_.path));
  }
  file_.sha256 = std::move(sha256);
}

void OpenFile::open(const std::string& window) {
  ImageOptions options = survey_.windows.empty() ? survey_.image : through(survey_.image, window);
  options.frames = {FrameSelection::Kind::kAll, 0};
  options.fingerprint = true;
  std::vector<std::byte> bytes = embedder::read_input(input_, options.max_file_bytes);
  note_hash(base::sha256_hex(bytes), bytes.size());
  image_.emplace(embedder_.open_image(std::move(bytes), input_.path, options));
}

void OpenFile::open_slide(const PlannedFrame& tile) {
  ImageOptions options = survey_.image;
  options.fingerprint = true;
  std::string sha256 = base::sha256_hex(std::filesystem::path(input_.path));
  auto slide =
      std::make_unique<Slide>(base::MappedFile(input_.path), embedder::Preparer(options), survey_.slides.model_size());
  note_hash(std::move(sha256), slide->file.bytes().size());
  slide->tiles =
      open_tiles({slide->file.bytes(), slide->file.path()}, *tile.tile, tile.frame, survey_.image, input_.path);
  slide_ = std::move(slide);
}

}  // namespace mi2::archive
