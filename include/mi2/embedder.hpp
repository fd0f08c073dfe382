#pragma once
// Images and texts to vectors.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/export.h>
#include <mi2/device.hpp>
#include <mi2/dtype.hpp>
#include <mi2/encoded_image.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>
#include <mi2/provenance.hpp>

namespace mi2 {

struct EmbedderOptions {
  std::optional<DType> dtype{};  ///< none: what a packed file holds, else kF32; kAuto: the same, else the fastest
  Device device{};
  unsigned threads = 0;  ///< 0: one per available core
  ImageOptions image{};
  /// A LoRA file of mi2 train, which is merged into the weights of the folder it was trained beside. Empty: none.
  std::filesystem::path lora{};
};

struct TextEmbeddings {
  EmbeddingMatrix vectors;
  std::vector<bool> truncated;  ///< whether each text was longer than the model's context
};

/// The grid of patches that the image tower ends in: 15 x 15 of 2048 channels for the published model.
struct TokenGrid {
  int height = 0;
  int width = 0;
  int channels = 0;
};

/// Where the patches of a TokenGrid meet in an image, which is squeezed to the model's as a whole: in parts of its
/// height and width, from 0 to 1. Each patch has what is nearest to it; those at the sides are of other sizes than the
/// rest, since the model reads its patches around their first pixels and not around their middles.
struct PatchEdges {
  std::vector<double> y;  ///< TokenGrid::height + 1, ascending
  std::vector<double> x;  ///< TokenGrid::width + 1, ascending
};

struct ImageFeatures {
  EmbeddingMatrix vectors;  ///< as of Embedder::embed_images(), bit for bit
  /// One row per image: its patches line by line, TokenGrid's [height, width, channels]. They are the residual stream
  /// after the last block: a vector is the patches' mean, through the tower's last norm and the projection, and brought
  /// to length 1.
  EmbeddingMatrix tokens;
};

/// One model in memory. Immutable after open(); calls from several threads take turns.
class MI2_EXPORT Embedder {
 public:
  /// Loads a model directory (published or flat layout), or maps a file that mi2 pack wrote.
  /// @throws Error{kNotFound} nothing there or no weights in it; {kBadFile} naming the tensor, key or block at fault;
  ///         {kBadArgument} for an option that makes no sense, a dtype the packed file does not hold, or a LoRA file
  ///         beside a packed file; {kBadFile} for a LoRA file of another model; {kUnsupported} for a device that is not
  ///         there, and what it lacks: the GPU or the libraries.
  static Embedder open(const std::filesystem::path& model, const EmbedderOptions& options = {});

  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  [[nodiscard]] int dimensions() const noexcept;
  /// The logarithm: similarities are exp(logit_scale()) * image . text.
  [[nodiscard]] float logit_scale() const noexcept;
  /// The options passed to open(), with the dtype and the device in use.
  [[nodiscard]] const EmbedderOptions& options() const noexcept;
  /// Why the device kAuto became the CPU; else empty.
  [[nodiscard]] const std::string& why_cpu() const noexcept;
  /// Hashes the weights file on the first call (seconds for a full model); a packed file has the hash of its source.
  [[nodiscard]] Provenance provenance() const;
  /// One sentence about a model that its dtype does not fit well, such as int8 and weights with outliers; else empty.
  [[nodiscard]] const std::string& warning() const noexcept;

  /// Decodes and preprocesses one encoded image, DICOM object or volume. Safe to call from several threads.
  /// @param name  what errors call it.
  /// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}; {kBadArgument} if ImageOptions::frames selects several.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name) const;
  /// As prepare, with options of its own in place of the embedder's. @throws also Error{kBadArgument}.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name,
                               const ImageOptions& options) const;
  /// The same. @param see  as EncodedImage::prepare().
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name, const ImageOptions& options,
                               const std::function<void(const ImageView& image)>& see) const;
  /// As the one before, and where the time went.
  [[nodiscard]] TimedPixels prepare_timed(std::span<const std::byte> encoded, std::string_view name,
                                          const ImageOptions& options) const;
  /// As prepare, without the decoding: the pixels that a lossless file of the same samples would give.
  /// @throws Error{kBadArgument} for samples or a palette of another length than width, height and mode say;
  ///         {kUnsupported} for a mode not listed; {kTooLarge}.
  [[nodiscard]] Pixels prepare(const ImageView& image, std::string_view name) const;
  /// The same, with options of its own in place of the embedder's.
  [[nodiscard]] Pixels prepare(const ImageView& image, std::string_view name, const ImageOptions& options) const;
  /// As prepare, from a file. @throws also Error{kNotFound}.
  [[nodiscard]] Pixels prepare_file(const std::filesystem::path& path) const;

  /// Opens an encoded image to go over its selected frames, with options of its own in place of the embedder's.
  /// @param name  what errors call it.
  /// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}; {kBadArgument} for a frame number past the last.
  [[nodiscard]] EncodedImage open_image(std::vector<std::byte> encoded, std::string_view name,
                                        const ImageOptions& options) const;

  /// Opens a whole slide to go over its selected tiles: one file, or the DICOM objects of its levels. The files stay on
  /// disk. ImageOptions::slide says how it is cut; without it, as for an empty one.
  /// @throws as open_image(); Error{kNotFound}; {kBadArgument} for a level or a resolution that the slide does not
  /// have.
  [[nodiscard]] EncodedImage open_slide(std::span<const std::filesystem::path> files, std::string_view name,
                                        const ImageOptions& options) const;

  /// One row per image, in order. All images are in memory at once: batches are the caller's.
  /// @throws Error{kUnsupported} naming the first image whose vector is not finite: the weights are too large for the
  ///         dtype; {kBadFile} if a packed model's file was cut or written while it is in use.
  [[nodiscard]] EmbeddingMatrix embed_images(std::span<const Pixels> images) const;

  /// As embed_images(), with the features of patches: 1.8 MB per image for the published model.
  [[nodiscard]] ImageFeatures embed_images_and_tokens(std::span<const Pixels> images) const;
  [[nodiscard]] TokenGrid token_grid() const noexcept;
  [[nodiscard]] PatchEdges patch_edges() const;
  /// Of each patch by itself what embed_images() makes of the mean of all: by its cosine with a text's or an image's
  /// vector it says where in its image that is.
  /// @param tokens  a row of ImageFeatures::tokens, or any number of patches: TokenGrid::channels numbers each.
  /// @returns a unit vector per patch.
  /// @throws Error{kBadArgument} for a part of a patch; {kUnsupported}, {kBadFile} as embed_images().
  [[nodiscard]] EmbeddingMatrix embed_patches(std::span<const float> tokens) const;

  /// One row per text, in order.
  /// @throws Error{kBadArgument} for a text that is not UTF-8; {kUnsupported}, {kBadFile} as embed_images().
  [[nodiscard]] TextEmbeddings embed_texts(std::span<const std::string> texts) const;

 private:
  struct MI2_HIDDEN Impl;
  explicit Embedder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2
