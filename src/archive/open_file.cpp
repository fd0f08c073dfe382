#include "archive/open_file.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"

namespace mi2::archive {

Pixels OpenFile::prepare(std::uint64_t frame, const std::function<void(const ImageView&)>& see) {
  std::call_once(once_, [this] { open(); });
  return image_->prepare(frame, see);
}

void OpenFile::open() {
  ImageOptions options = options_;
  options.frames = {FrameSelection::Kind::kAll, 0};
  options.fingerprint = true;
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

}  // namespace mi2::archive
