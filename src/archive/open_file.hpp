#pragma once
// A file that is added.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include <mi2/embedder.hpp>
#include <mi2/encoded_image.hpp>
#include <mi2/image.hpp>

#include "archive/survey.hpp"
#include "embedder/inputs.hpp"

namespace mi2::archive {

/// A file whose frames are embedded one after the other: read where the first of them is prepared.
class OpenFile {
 public:
  /// @param file  whose hash becomes that of what was read.  @param image  how it is prepared.
  /// @param mutex  of the files' hashes: a file may be open twice. All outlive it.
  OpenFile(const embedder::Input& input, SurveyedFile& file, const Embedder& embedder, const ImageOptions& image,
           std::mutex& mutex)
      : input_(input), file_(file), embedder_(embedder), options_(image), mutex_(mutex) {}

  /// From any thread. @param frame  from 0.  @param see  as EncodedImage::prepare().
  /// @throws as Embedder::open_image() and EncodedImage::prepare(); Error{kBadFile} if the file was changed since it
  /// was
  ///         surveyed.
  Pixels prepare(std::uint64_t frame, const std::function<void(const ImageView&)>& see);

 private:
  void open();

  const embedder::Input& input_;
  SurveyedFile& file_;
  const Embedder& embedder_;
  const ImageOptions& options_;
  std::mutex& mutex_;
  std::once_flag once_;
  std::optional<EncodedImage> image_;
};

}  // namespace mi2::archive
