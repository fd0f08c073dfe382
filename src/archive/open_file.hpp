#pragma once
// A file that is added.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <mi2/embedder.hpp>
#include <mi2/encoded_image.hpp>
#include <mi2/image.hpp>

#include "archive/survey.hpp"
#include "base/files.hpp"
#include "embedder/inputs.hpp"
#include "embedder/preparer.hpp"

namespace mi2::archive {

/// A file whose frames are embedded one after the other, through one window: read where the first of them is prepared.
class OpenFile {
 public:
  /// @param file  whose hash becomes that of what was read.  @param options  how it is prepared.
  /// @param mutex  of the files' hashes: a file may be open twice. All outlive it.
  OpenFile(const embedder::Input& input, SurveyedFile& file, const Embedder& embedder, const SurveyOptions& options,
           std::mutex& mutex)
      : input_(input), file_(file), embedder_(embedder), survey_(options), mutex_(mutex) {}

  /// From any thread. @param see  as EncodedImage::prepare().
  /// @throws as Embedder::open_image() and EncodedImage::prepare(); Error{kBadFile} if the file was changed since it
  /// was surveyed.
  Pixels prepare(const PlannedFrame& planned, const std::function<void(const ImageView&)>& see);

 private:
  /// @param window  as PlannedFrame::window.
  void open(const std::string& window);
  /// Of a slide, which stays on disk. @param tile  one of its tiles.
  void open_slide(const PlannedFrame& tile);
  /// The hash is of what is embedded, not of what was looked at before.
  void note_hash(std::string sha256, std::size_t bytes);

  const embedder::Input& input_;
  SurveyedFile& file_;
  const Embedder& embedder_;
  const SurveyOptions& survey_;
  std::mutex& mutex_;
  std::once_flag once_;
  std::optional<EncodedImage> image_;
  /// A slide, in place of image_.
  struct Slide {
    Slide(base::MappedFile mapped, embedder::Preparer prepares, embedder::ModelSize side)
        : file(std::move(mapped)), preparer(std::move(prepares)), size(side) {}
    base::MappedFile file;
    embedder::Preparer preparer;
    embedder::ModelSize size;
    std::unique_ptr<image::Source> tiles{};
    std::atomic<std::uint64_t> read{0};
  };
  std::unique_ptr<Slide> slide_;
};

}  // namespace mi2::archive
