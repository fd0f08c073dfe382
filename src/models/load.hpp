#pragma once
// Fills the parameter structs of the two towers from a checkpoint, by the reference's tensor names.

#include <string>
#include <utility>

#include "base/clip_vocabulary.hpp"
#include "models/davit.hpp"
#include "models/text_tower.hpp"

namespace mi2::models {

/// Any source of named parameters will do: a checkpoint, or weights made in memory.
template <typename S>
concept ParameterSource = requires(S& source, const std::string& name, const tensor::Shape& shape) {
  { source.take(name, shape) } -> std::same_as<ops::Parameter>;
  { source.take_positions(name, shape) } -> std::same_as<ops::Parameter>;
};

/// Builds layers of one op set from one source: the one list of the model's tensors (tensor_list.hpp records it).
/// A layer's weight is taken before its bias. `base` is the prefix of a layer's names, without the final dot.
template <ops::LayerMaker O, ParameterSource S>
class Loader {
 public:
  Loader(O& ops, S& source) : ops_(ops), source_(source) {}

  typename O::Linear linear(const std::string& weight, const std::string& bias, std::int64_t in, std::int64_t out) {
    const auto w = source_.take(weight, {out, in});
    return ops_.make_linear(w, source_.take(bias, {out}), ops::Layout::kOutIn);
  }
  typename O::Linear linear(const std::string& base, std::int64_t in, std::int64_t out) {
    return linear(base + ".weight", base + ".bias", in, out);
  }
  typename O::Linear projection(const std::string& name, std::int64_t in, std::int64_t out) {
    return ops_.make_linear(source_.take(name, {in, out}), std::nullopt, ops::Layout::kInOut);
  }
  typename O::Norm norm(const std::string& base, std::int64_t width, float epsilon) {
    const auto weight = source_.take(base + ".weight", {width});
    return ops_.make_norm(weight, source_.take(base + ".bias", {width}), epsilon);
  }
  typename O::DepthwiseConv depthwise(const std::string& base, std::int64_t width) {
    const auto weight = source_.take(base + ".weight", {width, 1, 3, 3});
    return ops_.make_depthwise_conv(weight, source_.take(base + ".bias", {width}));
  }
  typename O::Conv conv(const std::string& base, std::int64_t in, std::int64_t out, ops::ConvGeometry geometry) {
    const auto weight = source_.take(base + ".weight", {out, in, geometry.kernel, geometry.kernel});
    return ops_.make_conv(weight, source_.take(base + ".bias", {out}), geometry);
  }

  DavitBlock<O> davit_block(const std::string& base, const std::string& attention, std::int64_t width, int heads,
                            float drop_rate) {
    DavitBlock<O> block;
    block.conv1 = depthwise(base + ".conv1.fn.dw", width);
    block.attention = {norm(base + "." + attention + ".norm", width, kImageEpsilon),
                       linear(base + "." + attention + ".fn.qkv", width, 3 * width),
                       linear(base + "." + attention + ".fn.proj", width, width), heads};
    block.conv2 = depthwise(base + ".conv2.fn.dw", width);
    block.mlp = {norm(base + ".ffn.norm", width, kImageEpsilon),
                 linear(base + ".ffn.fn.net.fc1", width, kMlpRatio * width),
                 linear(base + ".ffn.fn.net.fc2", kMlpRatio * width, width)};
    block.drop_rate = drop_rate;
    return block;
  }

  Davit<O> davit(const weights::ModelConfig::Image& config) {
    Davit<O> model;
    int depth = 0;
    for (const int d : config.depths) depth += 2 * d;
    int index = 0;
    // Stochastic depth grows linearly from the first block to the last.
    const auto next_rate = [&] {
      return depth > 1 ? static_cast<float>(config.drop_path_rate) * static_cast<float>(index++) /
                             static_cast<float>(depth - 1)
                       : 0.0F;
    };
    std::int64_t in = 3;
    for (std::size_t s = 0; s < config.dims.size(); ++s) {
      const std::string conv_name = fmt::format("image_encoder.convs.{}", s);
      const std::int64_t width = config.dims[s];
      DavitStage<O> stage;
      stage.patches =
          conv(conv_name + ".proj", in, width, {config.patch_size[s], config.patch_stride[s], config.patch_padding[s]});
      auto& norm_slot = config.patch_prenorm[s] ? stage.norm_before : stage.norm_after;
      norm_slot = norm(conv_name + ".norm", config.patch_prenorm[s] ? in : width, kImageEpsilon);
      stage.window = config.window;
      for (int j = 0; j < config.depths[s]; ++j) {
        const std::string base = fmt::format("image_encoder.blocks.{}.{}", s, j);
        auto spatial = davit_block(base + ".spatial_block", "window_attn", width, config.heads[s], next_rate());
        auto channel = davit_block(base + ".channel_block", "channel_attn", width, config.groups[s], next_rate());
        stage.pairs.emplace_back(std::move(spatial), std::move(channel));
      }
      model.stages.push_back(std::move(stage));
      in = width;
    }
    model.norm = norm("image_encoder.norms", in, kImageEpsilon);
    return model;
  }

  TextTower<O> text_tower(const weights::ModelConfig::Text& config) {
    const std::int64_t width = config.width;
    TextTower<O> model;
    model.tokens =
        ops_.make_embedding(source_.take("lang_encoder.token_embedding.weight", {base::kClipVocabulary, width}));
    model.positions =
        ops_.make_embedding(source_.take_positions("lang_encoder.positional_embedding", {config.context, width}));
    for (int l = 0; l < config.layers; ++l) {
      const std::string base = fmt::format("lang_encoder.resblocks.{}", l);
      TextLayer<O> layer;
      layer.attention = {norm(base + ".ln_1", width, kTextEpsilon),
                         linear(base + ".attn.in_proj_weight", base + ".attn.in_proj_bias", width, 3 * width),
                         linear(base + ".attn.out_proj", width, width), config.heads};
      layer.mlp = {norm(base + ".ln_2", width, kTextEpsilon), linear(base + ".mlp.c_fc", width, kMlpRatio * width),
                   linear(base + ".mlp.c_proj", kMlpRatio * width, width)};
      model.layers.push_back(std::move(layer));
    }
    model.norm = norm("lang_encoder.ln_final", width, kTextEpsilon);
    return model;
  }

 private:
  static constexpr float kImageEpsilon = 1e-5F;
  static constexpr float kTextEpsilon = 1e-12F;
  static constexpr std::int64_t kMlpRatio = 4;

  O& ops_;
  S& source_;
};

}  // namespace mi2::models
