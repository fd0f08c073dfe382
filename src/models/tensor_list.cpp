#include "models/tensor_list.hpp"

#include <optional>
#include <utility>

#include "models/medimageinsight.hpp"

namespace mi2::models {
namespace {

/// Layers of nothing: with them, loading a model is the list of what it takes.
struct NoLayers {
  struct Nothing {};
  using Linear = Nothing;
  using Norm = Nothing;
  using Conv = Nothing;
  using DepthwiseConv = Nothing;
  using Embedding = Nothing;

  Nothing make_linear(const ops::Parameter&, const std::optional<ops::Parameter>&, ops::Layout) { return {}; }
  Nothing make_norm(const ops::Parameter&, const ops::Parameter&, float) { return {}; }
  Nothing make_conv(const ops::Parameter&, const ops::Parameter&, ops::ConvGeometry) { return {}; }
  Nothing make_depthwise_conv(const ops::Parameter&, const ops::Parameter&) { return {}; }
  Nothing make_embedding(const ops::Parameter&) { return {}; }
};

/// Notes what is asked for, and gives it without data but for scalars, which the model reads while it loads.
class Recorder {
 public:
  ops::Parameter take(const std::string& name, const tensor::Shape& shape) { return record(name, shape, false); }
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) {
    return record(name, shape, true);
  }

  std::vector<ListedTensor> rows;

 private:
  ops::Parameter record(const std::string& name, const tensor::Shape& shape, bool any_length) {
    static constexpr float kScalar = 0;
    rows.push_back({name, shape, any_length});
    return {name, shape, tensor::DType::kF32, shape.rank() == 0 ? &kScalar : nullptr, nullptr};
  }
};

}  // namespace

std::vector<ListedTensor> tensor_list(const weights::ModelConfig& config) {
  NoLayers layers;
  Recorder recorder;
  load_medimageinsight(layers, recorder, config);
  return std::move(recorder.rows);
}

}  // namespace mi2::models
