#pragma once
// A model's weights by the model's own names, whatever scheme the file uses. Strict: every tensor is taken once.

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "ops/parameter.hpp"
#include "weights/lora.hpp"
#include "weights/model_files.hpp"
#include "weights/names.hpp"
#include "weights/safetensors.hpp"

namespace mi2::weights {

/// Whether a tensor of this shape serves where `wanted` is: PyTorch takes [1] for a scalar, and no other shape.
bool is_shape_for(const tensor::Shape& found, const tensor::Shape& wanted);

class Checkpoint {
 public:
  /// Maps the file and settles its naming scheme; a uniform prefix "module." or "model." is dropped.
  /// @throws what SafeTensors does; Error{kBadFile} if both schemes appear.
  explicit Checkpoint(const std::filesystem::path& weights);
  explicit Checkpoint(SafeTensors file);
  /// As above, with what `weights.lora` changes of the tensors. @throws also Error{kBadFile} naming one that there is
  /// not; take() throws it for one that does not fit.
  explicit Checkpoint(const StoredWeights& weights);

  /// One tensor under its current name.
  /// One number may also have the shape [1], as older PyTorch wrote it; it is then given the shape wanted, [].
  /// @throws Error{kBadFile} if it is missing (naming the nearest ones), of another shape or element type, or holds a
  ///         number that is not finite.
  ops::Parameter take(const std::string& name, const tensor::Shape& shape);

  /// Positional embeddings [n, width]. Of another length than wanted[0], they are linearly interpolated as torch's
  /// F.interpolate(mode='linear', align_corners=False) along axis 0 would; the result then owns f32 data.
  /// @throws Error{kBadFile} as take; another width is never adapted.
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& wanted);

  /// @throws Error{kBadFile} naming the tensors nobody took. Buffers without weights (is_known_buffer) may stay.
  void finish() const;

  [[nodiscard]] Naming naming() const noexcept { return naming_; }
  [[nodiscard]] const SafeTensors& file() const noexcept { return file_; }
  /// Current name -> row of file().tensors(), of what has not been taken yet.
  [[nodiscard]] const std::map<std::string, std::size_t>& left() const noexcept { return left_; }

 private:
  ops::Parameter take_any(const std::string& name);
  void check_finite(const ops::Parameter& parameter) const;
  [[nodiscard]] const std::string& origin_of(const std::string& name) const;
  [[noreturn]] void fail_missing(const std::string& name) const;
  [[noreturn]] void fail_shape(const ops::Parameter& found, const tensor::Shape& wanted) const;

  SafeTensors file_;
  Naming naming_ = Naming::kNeutral;
  std::map<std::string, std::size_t> left_;
  std::shared_ptr<const Lora> lora_;
};

}  // namespace mi2::weights
