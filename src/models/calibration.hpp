#pragma once
// A model in int8 that stands outliers: ranges are measured on some inputs, scales are shared between norms and weights
// (sharing.hpp), and the layers that lose most stay bf16 until the vectors are close enough to bf16's.

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "models/calibration_inputs.hpp"
#include "models/model.hpp"
#include "models/sharing.hpp"
#include "weights/config.hpp"
#include "weights/lora.hpp"

namespace mi2::models {

/// Of one tower.
struct TowerFit {
  double before = 1;  ///< least cosine to bf16's vectors with every layer in bytes that may be, scales shared
  double after = 1;   ///< with `wide` layers in bf16
  std::size_t wide = 0;
  std::size_t layers = 0;
};

struct Int8Fit {
  TowerFit image;
  TowerFit text;
  std::set<std::string> wide;  ///< layers that stay bf16 for what they lose, by the names of their weights
  Sharing sharing;
};

/// "int8 costs this model more than most ..." where layers had to stay bf16 or the vectors are still far from bf16's;
/// else empty.
std::string warning_of(const Int8Fit& fit);

/// The text that a packed file keeps. @throws nothing.
std::string to_text(const Int8Fit& fit);
/// The two towers of such a text, without names. @throws Error{kBadFile} if it is none.
Int8Fit parse_fit(const std::string& text);

struct FittedModel {
  std::unique_ptr<CpuModel> model;
  Int8Fit fit;
};

/// Loads a folder's weights in int8. If options.prepared is given, the model's blocks are added to it.
/// Computes bf16 and int8 vectors of `inputs`, and more where layers have to be chosen.
/// @throws as load_cpu_model().
FittedModel load_int8_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                            const ops::CpuOps::Options& options, const CalibrationInputs& inputs);

}  // namespace mi2::models
