#pragma once
// Images for a fidelity report: files made ready for the model before it is loaded, or patterns without any file.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

namespace mi2::fidelity {

/// Does what Embedder::prepare does, from the model's config alone: no weights are in memory.
class ImagePreparer {
 public:
  /// @param model  a model directory; without one, the full model.
  /// @throws Error{kNotFound}, {kBadFile} for the directory or its config; {kBadArgument} for options.
  ImagePreparer(const std::optional<std::filesystem::path>& model, const EmbedderOptions& options);
  ImagePreparer(const ImagePreparer&) = delete;
  ImagePreparer& operator=(const ImagePreparer&) = delete;
  ~ImagePreparer();

  /// As Embedder::prepare and Embedder::prepare_file: the same pixels, the same errors. Safe from several threads.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name) const;
  [[nodiscard]] Pixels prepare_file(const std::filesystem::path& path) const;

  /// `count` images of the model's size: smooth waves and blobs with noise, no two alike, the same every time.
  [[nodiscard]] std::vector<Pixels> generated(std::size_t count) const;

 private:
  struct Settings;
  std::unique_ptr<const Settings> settings_;
};

/// How many images stand in where no file is given.
inline constexpr std::size_t kGeneratedImages = 16;

}  // namespace mi2::fidelity
