#pragma once
// The public C++ API of mi2: images and texts to vectors, and classification without training.
// Link mi2::mi2. Everything throws mi2::Error and nothing else on purpose.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mi2/export.h>
#include <mi2/error.hpp>

namespace mi2 {

/// "0.1.0"
MI2_EXPORT std::string_view version() noexcept;

/// A unit vector in the space images and texts share; as long as Embedder::dimensions().
using Embedding = std::vector<float>;

/// What EmbedderOptions::dtype may be, the reference's numbers first:
/// "bf16": half the memory and at best twice the speed; "int8": a third of the memory, faster still, vectors within a
/// cosine of 0.99; "bf16x3": f32's numbers but for some 1e-6, faster than f32 with AMX.
inline constexpr auto kDTypes = std::to_array<std::string_view>({"f32", "bf16", "int8", "bf16x3"});

/// Those of kDTypes that this machine computes: all but "bf16x3", which needs AVX-512 BF16 or AMX.
MI2_EXPORT std::vector<std::string> supported_dtypes();

/// How an encoded picture becomes the model's pixels.
struct ImageOptions {
  std::string profile = "raw";                ///< "raw" or "azure": what is done before the model's own resize
  int azure_size = 512;                       ///< pixels, for "azure"
  int azure_quality = 75;                     ///< JPEG quality 1..100, for "azure"
  std::string intensity = "percentile:1,99";  ///< 16-bit and float grey to 8 bits; also "minmax", "window:C,W"
  std::optional<std::string> window;          ///< "CENTER,WIDTH" for DICOM, over the file's own VOI
  std::uint64_t max_pixels = 200'000'000;     ///< of one picture, checked before decoding
  std::uint64_t max_file_bytes = 1ULL << 30;  ///< of one input file
};

struct EmbedderOptions : ImageOptions {
  std::string dtype;           ///< one of kDTypes; empty: what a packed file holds, else "f32"
  std::string device = "cpu";  ///< "cpu"; in a program that links libtorch also "cuda", "cuda:1", and "torch": its CPU
  unsigned threads = 0;        ///< 0: one per available core
};

/// A picture ready for the model: resized 8-bit RGB, [height, width, 3].
struct Pixels {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> samples;
};

/// Where the time of a prepare() went, in seconds.
struct PrepareTimes {
  double decode = 0;      ///< from encoded bytes to a picture
  double preprocess = 0;  ///< from the picture to the model's pixels
};

/// A picture that is decoded already, as another library holds it. Not owned: valid for the call.
struct PictureView {
  /// Pillow's name of what the samples are, all in the machine's byte order:
  /// "1": a byte a pixel, 0 or not; "L", "LA", "P" (indices into `palette`), "RGB", "RGBA", "CMYK": bytes;
  /// grey that ImageOptions::intensity brings to 8 bits: "I;16": uint16, "I": int32, "F": float.
  std::string_view mode;
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  std::span<const std::byte> samples;       ///< [height, width, channels], row by row, no padding
  std::span<const std::uint8_t> palette{};  ///< RGB triples, for "P": at most 256; indices past its end are black
};

/// What a result depends on besides its input.
struct Provenance {
  std::string version;
  std::string weights_sha256;  ///< of the weights file, hexadecimal; of a packed file, the one it was made from
  std::string profile;
  std::string dtype;
};

/// One model in memory. Immutable after open(); calls from several threads take turns.
class MI2_EXPORT Embedder {
 public:
  /// Loads a model directory (published or flat layout), or maps a file that mi2 pack wrote.
  /// @throws Error{kNotFound} nothing there or no weights in it; {kBadFile} naming the tensor, key or block at fault;
  ///         {kBadArgument} for an option that makes no sense, or a dtype the packed file does not hold.
  static Embedder open(const std::filesystem::path& model, const EmbedderOptions& options = {});

  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;
  ~Embedder();

  [[nodiscard]] int dimensions() const noexcept;
  /// The logarithm: similarities are exp(logit_scale()) * image . text.
  [[nodiscard]] float logit_scale() const noexcept;
  /// As they were given, but for an empty dtype: the one that is computed in.
  [[nodiscard]] const EmbedderOptions& options() const noexcept;
  /// Hashes the weights file on the first call (seconds for a full model); a packed file has the hash of its source.
  [[nodiscard]] Provenance provenance() const;

  /// Decodes and preprocesses one encoded picture (PNG, JPEG, WebP, TIFF, DICOM). Safe to call from several threads.
  /// @param name  what errors call it.
  /// @throws Error{kBadFile}, {kUnsupported}, {kTooLarge}.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name) const;
  /// As prepare, with options of its own in place of the embedder's. @throws also Error{kBadArgument}.
  /// @param times  if given, receives where the time went.
  [[nodiscard]] Pixels prepare(std::span<const std::byte> encoded, std::string_view name, const ImageOptions& options,
                               PrepareTimes* times = nullptr) const;
  /// As prepare, without the decoding: the pixels that a lossless file of the same samples would give.
  /// @throws Error{kBadArgument} for samples or a palette of another length than width, height and mode say;
  ///         {kUnsupported} for a mode not listed; {kTooLarge}.
  [[nodiscard]] Pixels prepare(const PictureView& picture, std::string_view name) const;
  /// As prepare, from a file. @throws also Error{kNotFound}.
  [[nodiscard]] Pixels prepare_file(const std::filesystem::path& path) const;

  /// One vector a picture, in order. All pictures are in memory at once: batches are the caller's.
  [[nodiscard]] std::vector<Embedding> embed_images(std::span<const Pixels> pictures) const;

  /// One vector a text, in order.
  /// @param truncated  if given, receives whether each text was longer than the model's context.
  /// @throws Error{kBadArgument} for a text that is not UTF-8.
  [[nodiscard]] std::vector<Embedding> embed_texts(std::span<const std::string> texts,
                                                   std::vector<bool>* truncated = nullptr) const;

 private:
  struct MI2_HIDDEN Impl;
  explicit Embedder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The ids a text becomes, without padding.
struct TokenizedText {
  std::vector<std::int32_t> ids;
  bool truncated = false;
};

/// A model's tokenizer without its weights (the built-in vocabulary if the model has none).
/// @throws Error{kNotFound}, {kBadFile}, {kBadArgument} for a text that is not UTF-8.
MI2_EXPORT std::vector<TokenizedText> tokenize(const std::filesystem::path& model, std::span<const std::string> texts);

struct LabelScore {
  std::string label;
  double score = 0;  ///< softmax over the labels, or each label's own sigmoid
};

struct ClassifierOptions {
  std::vector<std::string> templates = {"{}"};  ///< each holds "{}"; their text vectors are averaged
  bool multilabel = false;                      ///< sigmoid in place of softmax
};

/// Zero-shot classification: labels are texts, the nearest wins. Keeps a reference to its embedder.
class MI2_EXPORT Classifier {
 public:
  /// @throws Error{kBadArgument} for no label, a label twice, or a template without "{}".
  Classifier(const Embedder& embedder, std::vector<std::string> labels, const ClassifierOptions& options = {});

  [[nodiscard]] const std::vector<std::string>& labels() const noexcept { return labels_; }
  /// Whether a label's text (in any template) was longer than the model's context.
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  /// Scores of all labels for one image vector, best first; equal scores keep the labels' order.
  [[nodiscard]] std::vector<LabelScore> classify(const Embedding& image) const;

 private:
  std::vector<std::string> labels_;
  std::vector<Embedding> vectors_;
  float scale_ = 1;
  bool multilabel_ = false;
  bool truncated_ = false;
};

}  // namespace mi2
