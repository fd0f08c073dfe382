#include "weights/config.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "base/files.hpp"
#include "weights/config_reader.hpp"
#include "weights/names.hpp"

namespace mi2::weights {
namespace {

constexpr std::size_t kMaxStages = 8;
constexpr int kMaxWidth = 16384;
constexpr int kMaxLayers = 256;
constexpr int kMinPixels = 16;
constexpr int kMaxPixels = 4096;
constexpr int kMaxKernel = 15;
constexpr int kMaxStride = 8;
constexpr int kMaxWindow = 64;
constexpr int kMaxContext = 4096;

void check_kind(const ConfigReader& reader) {
  const std::string image = reader.text("IMAGE_ENCODER.NAME");
  if (!image.starts_with("davit")) {
    reader.unsupported("IMAGE_ENCODER.NAME", fmt::format("is {}, mi2 has davit", in_quotes(image)));
  }
  const std::string text = reader.text("LANG_ENCODER.NAME");
  if (text != "transformer") {
    reader.unsupported("LANG_ENCODER.NAME", fmt::format("is {}, mi2 has transformer", in_quotes(text)));
  }
  const std::string tokenizer = reader.text("LANG_ENCODER.TOKENIZER");
  if (tokenizer != "clip") {
    reader.unsupported("LANG_ENCODER.TOKENIZER", fmt::format("is {}, mi2 has clip", in_quotes(tokenizer)));
  }
  if (reader.flag("LANG_ENCODER.AUTOGRESSIVE")) {
    reader.unsupported("LANG_ENCODER.AUTOGRESSIVE", "is true, mi2 has no causal text tower");
  }
  if (reader.has("TEST.CENTER_CROP") && reader.flag("TEST.CENTER_CROP")) {
    reader.unsupported("TEST.CENTER_CROP", "is true, mi2 resizes the whole image");
  }
}

/// Three numbers, one a colour.
std::array<float, 3> colours(const ConfigReader& reader, std::string_view key, double low, double high) {
  const std::vector<double> values = reader.numbers(key, low, high, 3);
  if (values.size() != 3) reader.fail(key, fmt::format("has {} entries, expected 3", values.size()));
  return {static_cast<float>(values[0]), static_cast<float>(values[1]), static_cast<float>(values[2])};
}

void check_divides(const ConfigReader& reader, std::string_view key, const std::vector<int>& parts,
                   const std::vector<int>& dims) {
  for (std::size_t stage = 0; stage < dims.size(); ++stage) {
    if (dims[stage] % parts[stage] != 0) {
      reader.fail(
          key, fmt::format("is {} in stage {}, which does not divide its width {}", parts[stage], stage, dims[stage]));
    }
  }
}

/// Follows the grid through the convolutions: each stage must have at least one token.
void check_grid(const ConfigReader& reader, const ModelConfig::Image& image) {
  for (std::size_t stage = 0; stage < image.dims.size(); ++stage) {
    const auto [height, width] = image.grid_after(stage);
    const int kernel = image.patch_size[stage];
    const int padding = image.patch_padding[stage];
    if (padding >= kernel) {
      reader.fail("IMAGE_ENCODER.SPEC.PATCH_PADDING",
                  fmt::format("is {} in stage {}, it must be less than the kernel {}", padding, stage, kernel));
    }
    if (std::min(height, width) + 2 * padding < kernel) {
      reader.fail("IMAGE_ENCODER.SPEC.PATCH_SIZE",
                  fmt::format("is {} in stage {}, whose grid is {} x {}", kernel, stage, height, width));
    }
  }
}

void read_stages(const ConfigReader& reader, ModelConfig::Image& image) {
  const std::string spec = "IMAGE_ENCODER.SPEC.";
  image.dims = reader.integers(spec + "DIM_EMBED", 1, kMaxWidth, kMaxStages);
  const auto one_a_stage = [&](const char* key, int low, int high) {
    std::vector<int> values = reader.integers(spec + key, low, high, kMaxStages);
    if (values.size() != image.dims.size()) {
      reader.fail(spec + key, fmt::format("has {} entries, DIM_EMBED has {}", values.size(), image.dims.size()));
    }
    return values;
  };
  image.patch_size = one_a_stage("PATCH_SIZE", 1, kMaxKernel);
  image.patch_stride = one_a_stage("PATCH_STRIDE", 1, kMaxStride);
  image.patch_padding = one_a_stage("PATCH_PADDING", 0, kMaxKernel);
  image.heads = one_a_stage("NUM_HEADS", 1, kMaxWidth);
  image.groups = one_a_stage("NUM_GROUPS", 1, kMaxWidth);
  image.depths = one_a_stage("DEPTHS", 1, kMaxLayers);
  image.patch_prenorm = reader.flags(spec + "PATCH_PRENORM", kMaxStages);
  if (image.patch_prenorm.size() != image.dims.size()) {
    reader.fail(spec + "PATCH_PRENORM",
                fmt::format("has {} entries, DIM_EMBED has {}", image.patch_prenorm.size(), image.dims.size()));
  }
  check_divides(reader, spec + "NUM_HEADS", image.heads, image.dims);
  check_divides(reader, spec + "NUM_GROUPS", image.groups, image.dims);
  const int pairs = std::accumulate(image.depths.begin(), image.depths.end(), 0);
  if (pairs > kMaxLayers) reader.fail(spec + "DEPTHS", fmt::format("add up to {}, the limit is {}", pairs, kMaxLayers));
}

ModelConfig::Image read_image(const ConfigReader& reader) {
  ModelConfig::Image image;
  const std::vector<int> size = reader.integers("IMAGE_ENCODER.IMAGE_SIZE", kMinPixels, kMaxPixels, 2);
  if (size.size() != 2) reader.fail("IMAGE_ENCODER.IMAGE_SIZE", "has 1 entry, expected height and width");
  image.height = size[0];
  image.width = size[1];
  image.mean = colours(reader, "IMAGE_ENCODER.IMAGE_MEAN", -10, 10);
  image.std = colours(reader, "IMAGE_ENCODER.IMAGE_STD", 1e-6, 10);
  read_stages(reader, image);
  image.window = reader.integer("IMAGE_ENCODER.SPEC.WINDOW_SIZE", 1, kMaxWindow);
  image.drop_rate = reader.number("IMAGE_ENCODER.SPEC.DROP_RATE", 0, 1);
  image.drop_path_rate = reader.number("IMAGE_ENCODER.SPEC.DROP_PATH_RATE", 0, 1);
  check_grid(reader, image);
  return image;
}

ModelConfig::Text read_text(const ConfigReader& reader) {
  ModelConfig::Text text;
  text.context = reader.integer("LANG_ENCODER.CONTEXT_LENGTH", 2, kMaxContext);
  text.width = reader.integer("LANG_ENCODER.WIDTH", 1, kMaxWidth);
  text.heads = reader.integer("LANG_ENCODER.HEADS", 1, kMaxWidth);
  text.layers = reader.integer("LANG_ENCODER.LAYERS", 1, kMaxLayers);
  if (text.width % text.heads != 0) {
    reader.fail("LANG_ENCODER.HEADS", fmt::format("is {}, which does not divide the width {}", text.heads, text.width));
  }
  return text;
}

}  // namespace

std::array<int, 2> ModelConfig::Image::grid_after(std::size_t stages) const noexcept {
  std::array<int, 2> grid{height, width};
  for (std::size_t stage = 0; stage < stages; ++stage) {
    for (int& side : grid) side = (side + 2 * patch_padding[stage] - patch_size[stage]) / patch_stride[stage] + 1;
  }
  return grid;
}

std::array<std::vector<double>, 2> ModelConfig::Image::edges_after(std::size_t stages) const {
  double first = 0.5;  // the middle of a grid's first cell, and the way to the next: of the image, pixels
  double step = 1;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    first += step * ((patch_size[stage] - 1) / 2.0 - patch_padding[stage]);
    step *= patch_stride[stage];
  }
  const std::array<int, 2> cells = grid_after(stages);
  const std::array<int, 2> sides{height, width};
  std::array<std::vector<double>, 2> edges;
  for (std::size_t axis = 0; axis < edges.size(); ++axis) {
    const double side = sides.at(axis);
    edges.at(axis).push_back(0);
    for (int i = 1; i < cells.at(axis); ++i) {
      edges.at(axis).push_back(std::clamp(first + step * (i - 0.5), 0.0, side));
    }
    edges.at(axis).push_back(side);
  }
  return edges;
}

ModelConfig parse_config(std::string_view yaml, std::string_view name) {
  if (yaml.size() > kMaxConfigBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", name, yaml.size(), kMaxConfigBytes));
  }
  const ConfigReader reader(yaml, name);
  check_kind(reader);
  ModelConfig config;
  config.image = read_image(reader);
  config.text = read_text(reader);
  config.projection = reader.integer("UNICL_MODEL.DIM_PROJECTION", 1, kMaxWidth);
  return config;
}

ModelConfig load_config(const std::filesystem::path& path) {
  return parse_config(base::read_text_file(path, kMaxConfigBytes), path.string());
}

}  // namespace mi2::weights
