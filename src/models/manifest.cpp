#include "models/manifest.hpp"

#include <fmt/format.h>

namespace mi2::models {
namespace {

constexpr std::int64_t kColours = 3;
constexpr std::int64_t kMlpRatio = 4;

class Writer {
 public:
  void tensor(std::string name, tensor::Shape shape) { rows.push_back({std::move(name), shape, false}); }

  void affine(const std::string& base, std::int64_t width) {
    tensor(base + ".weight", {width});
    tensor(base + ".bias", {width});
  }

  void linear(const std::string& base, std::int64_t in, std::int64_t out) {
    tensor(base + ".weight", {out, in});
    tensor(base + ".bias", {out});
  }

  /// A spatial or a channel block of the image tower.
  void block(const std::string& base, const std::string& attention, std::int64_t width) {
    for (const char* conv : {".conv1", ".conv2"}) {
      tensor(base + conv + ".fn.dw.weight", {width, 1, 3, 3});
      tensor(base + conv + ".fn.dw.bias", {width});
    }
    affine(base + attention + ".norm", width);
    linear(base + attention + ".fn.qkv", width, 3 * width);
    linear(base + attention + ".fn.proj", width, width);
    affine(base + ".ffn.norm", width);
    linear(base + ".ffn.fn.net.fc1", width, kMlpRatio * width);
    linear(base + ".ffn.fn.net.fc2", kMlpRatio * width, width);
  }

  void stage(const weights::ModelConfig::Image& image, std::size_t s) {
    const std::int64_t in = s == 0 ? kColours : image.dims[s - 1];
    const std::int64_t width = image.dims[s];
    const std::string conv = fmt::format("image_encoder.convs.{}", s);
    tensor(conv + ".proj.weight", {width, in, image.patch_size[s], image.patch_size[s]});
    tensor(conv + ".proj.bias", {width});
    affine(conv + ".norm", image.patch_prenorm[s] ? in : width);
    for (int pair = 0; pair < image.depths[s]; ++pair) {
      const std::string base = fmt::format("image_encoder.blocks.{}.{}", s, pair);
      block(base + ".spatial_block", ".window_attn", width);
      block(base + ".channel_block", ".channel_attn", width);
    }
  }

  void text_layer(const std::string& base, std::int64_t width) {
    tensor(base + ".attn.in_proj_weight", {3 * width, width});
    tensor(base + ".attn.in_proj_bias", {3 * width});
    linear(base + ".attn.out_proj", width, width);
    affine(base + ".ln_1", width);
    affine(base + ".ln_2", width);
    linear(base + ".mlp.c_fc", width, kMlpRatio * width);
    linear(base + ".mlp.c_proj", kMlpRatio * width, width);
  }

  std::vector<ManifestRow> rows;
};

}  // namespace

std::vector<ManifestRow> manifest(const weights::ModelConfig& config, std::int64_t vocabulary) {
  Writer writer;
  writer.tensor("logit_scale", {});
  writer.tensor("image_projection", {config.image.dims.back(), config.projection});
  writer.tensor("lang_projection", {config.text.width, config.projection});
  for (std::size_t s = 0; s < config.image.dims.size(); ++s) writer.stage(config.image, s);
  writer.affine("image_encoder.norms", config.image.dims.back());
  writer.tensor("lang_encoder.token_embedding.weight", {vocabulary, config.text.width});
  writer.tensor("lang_encoder.positional_embedding", {config.text.context, config.text.width});
  writer.rows.back().any_length = true;
  for (int layer = 0; layer < config.text.layers; ++layer) {
    writer.text_layer(fmt::format("lang_encoder.resblocks.{}", layer), config.text.width);
  }
  writer.affine("lang_encoder.ln_final", config.text.width);
  return std::move(writer.rows);
}

}  // namespace mi2::models
