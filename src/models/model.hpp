#pragma once
// A loaded model behind one virtual seam: what runs it is decided once, here, and nobody above needs to know.

#include <filesystem>
#include <memory>
#include <optional>

#include "ops/cpu/cpu_ops.hpp"
#include "ops/parameter.hpp"
#include "tensor/tensor.hpp"
#include "weights/config.hpp"
#include "weights/model_source.hpp"

namespace mi2::models {

/// Of B images, in f32.
struct ImageFeatures {
  tensor::Tensor vectors;  ///< as Model::embed_images() has them, bit for bit
  tensor::Tensor tokens;   ///< [B, H, W, C]: the image tower's last grid, whose mean goes through its norm
};

class Model {
 public:
  virtual ~Model() = default;
  /// pixels f32 [B, height, width, 3], normalised -> unit vectors f32 [B, dimensions].
  virtual tensor::Tensor embed_images(const tensor::Tensor& pixels) = 0;
  virtual ImageFeatures embed_images_and_tokens(const tensor::Tensor& pixels) = 0;
  /// tokens f32 [N, C], each by itself in place of a grid's mean -> unit vectors f32 [N, dimensions].
  virtual tensor::Tensor embed_image_tokens(const tensor::Tensor& tokens) = 0;
  /// Unit vectors f32 [texts, dimensions]. No text is longer than the model's context.
  virtual tensor::Tensor embed_texts(const ops::TokenBatch& tokens) = 0;
  /// The logarithm.
  [[nodiscard]] virtual float logit_scale() const = 0;
};

/// A model on the CPU engine, which can be profiled.
class CpuModel : public Model {
 public:
  virtual ops::CpuOps& ops() = 0;
};

/// Loads every tensor of a weights file.
/// @throws Error{kBadFile} naming a tensor that is missing, left over or misshapen.
std::unique_ptr<CpuModel> load_cpu_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                                         const ops::CpuOps::Options& options);

/// What a model is computed in: `dtype`, or if that is empty, a packed file's own, else f32; for kAuto likewise, else
/// CpuOps::automatic().
/// @throws Error{kBadArgument} if there is no such dtype; {kBadFile} if the file holds one that there is not.
ops::Precision precision_of(std::optional<DType> dtype, const weights::ModelSource& source);

/// Loads a directory's weights, or maps a packed file, whose checksums it verifies.
/// @throws as above; Error{kBadFile} for a packed file that is damaged or of another version, {kBadArgument} if it is
///         packed in another precision than `options` ask for.
std::unique_ptr<CpuModel> load_cpu_model(const weights::ModelSource& source, const ops::CpuOps::Options& options);

struct Int8Fit;

/// As above, and of int8 what was found (calibration.hpp): now, or when the file was packed. Untouched otherwise.
std::unique_ptr<CpuModel> load_cpu_model(const weights::ModelSource& source, const ops::CpuOps::Options& options,
                                         Int8Fit& fit);

/// A model of made-up weights, for timing: realistic scales, the same numbers every time.
std::unique_ptr<CpuModel> synthetic_cpu_model(const weights::ModelConfig& config, const ops::CpuOps::Options& options);

/// The oracle, for tests: slow.
std::unique_ptr<Model> load_reference_model(const std::filesystem::path& weights, const weights::ModelConfig& config);

}  // namespace mi2::models
