#include "weights/samples.hpp"

#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

#include "models/tensor_list.hpp"
#include "weights/safetensors.hpp"

namespace mi2::test {
namespace {

std::uint16_t half_bits(float value) {
  // Exact for the values tests use: small multiples of 1/8.
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    if (tensor::half_to_float(static_cast<std::uint16_t>(bits)) == value) return static_cast<std::uint16_t>(bits);
  }
  return 0x7E00;
}

}  // namespace

std::string safetensors_file(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file.append(header).append(data);
}

std::string good_safetensors() {
  const float matrix[] = {0, 1, 2, 3, 4, -5.5F};
  std::string data(24, '\0');
  std::memcpy(data.data(), matrix, 24);
  data.insert(0, "\x80\x3f\x00\xc0", 4);
  return safetensors_file(R"({"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
                          R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}} )",
                          data);
}

const char* const kSmallConfig = R"(# a comment
IMAGE_ENCODER:
  NAME: davit_v1
  IMAGE_SIZE: [32, 48]
  IMAGE_MEAN: [0.485, 0.456, 0.406]
  IMAGE_STD: [0.229, 0.224, 0.225]
  SPEC:
    DROP_RATE: 0.1
    DROP_PATH_RATE: 0.2
    PATCH_SIZE: [7, 3]
    PATCH_STRIDE: [4, 2]
    PATCH_PADDING: [3, 1]
    PATCH_PRENORM: [false, true]
    DIM_EMBED: [4, 8]
    NUM_HEADS: [1, 2]
    NUM_GROUPS: [2, 4]
    DEPTHS: [1, 2]
    WINDOW_SIZE: 4
LANG_ENCODER:
  NAME: transformer
  TOKENIZER: clip
  CONTEXT_LENGTH: 7
  WIDTH: 2
  HEADS: 1
  LAYERS: 1
  AUTOGRESSIVE: false
UNICL_MODEL:
  DIM_PROJECTION: 6
TEST:
  CENTER_CROP: false
)";

ops::Parameter make_parameter(const std::string& name, const tensor::Shape& shape, const std::vector<float>& values,
                              tensor::DType dtype) {
  const auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * size_of(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = dtype == tensor::DType::kF16 ? half_bits(values[i]) : tensor::BFloat16(values[i]).bits;
    if (dtype == tensor::DType::kF32) {
      std::memcpy(bytes->data() + 4 * i, &values[i], 4);
    } else {
      std::memcpy(bytes->data() + 2 * i, &bits, 2);
    }
  }
  return {name, shape, dtype, bytes->data(), std::shared_ptr<const void>(bytes, bytes->data())};
}

std::vector<ops::Parameter> small_weights(const std::function<std::string(const std::string&)>& rename) {
  std::vector<ops::Parameter> tensors;
  for (const models::ListedTensor& row : models::tensor_list(weights::parse_config(kSmallConfig, "small"))) {
    const auto count = static_cast<std::size_t>(row.shape.count());
    tensors.push_back(
        make_parameter(rename(row.name), row.shape, std::vector<float>(count, static_cast<float>(tensors.size()))));
  }
  return tensors;
}

std::vector<ops::Parameter> small_weights() {
  return small_weights([](const std::string& name) { return name; });
}

void write_any(const std::filesystem::path& path, const std::vector<ops::Parameter>& tensors,
               const std::map<std::string, std::string>& metadata) {
  std::vector<ops::Parameter> blank = tensors;
  for (ops::Parameter& tensor : blank) {
    const auto zeros = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(tensor.shape.count()) *
                                                                size_of(tensor.dtype));
    tensor.data = zeros->data();
    tensor.keep = zeros;
  }
  weights::write_safetensors(path, blank, metadata);
  const weights::SafeTensors written(path);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  for (const ops::Parameter& tensor : tensors) {
    const weights::TensorInfo& row = *written.find(tensor.name);
    file.seekp(static_cast<std::streamoff>(written.data_begin() + row.begin));
    file.write(static_cast<const char*>(tensor.data), static_cast<std::streamsize>(row.end - row.begin));
  }
}

std::string older_name(std::string name) {
  const std::vector<std::pair<std::string, std::string>> parts{{"convs.", "conv_embeds."},
                                                               {"blocks.", "main_blocks."},
                                                               {"spatial_block.conv1.fn.dw", "0.cpe.0.proj"},
                                                               {"spatial_block.conv2.fn.dw", "0.cpe.1.proj"},
                                                               {"spatial_block.window_attn.norm", "0.norm1"},
                                                               {"spatial_block.window_attn.fn", "0.attn"},
                                                               {"spatial_block.ffn.norm", "0.norm2"},
                                                               {"spatial_block.ffn.fn.net", "0.mlp"},
                                                               {"channel_block.conv1.fn.dw", "1.cpe.0.proj"},
                                                               {"channel_block.conv2.fn.dw", "1.cpe.1.proj"},
                                                               {"channel_block.channel_attn.norm", "1.norm1"},
                                                               {"channel_block.channel_attn.fn", "1.attn"},
                                                               {"channel_block.ffn.norm", "1.norm2"},
                                                               {"channel_block.ffn.fn.net", "1.mlp"}};
  const std::vector<std::pair<std::string, std::string>> tops{{"image_encoder.", "visual."},
                                                              {"lang_encoder.", "text."},
                                                              {"image_projection", "vision_projection"},
                                                              {"lang_projection", "text_projection"}};
  if (name.starts_with("image_encoder.")) {
    for (const auto& [current, older] : parts) {
      if (const std::size_t at = name.find(current); at != std::string::npos) name.replace(at, current.size(), older);
    }
  }
  for (const auto& [current, older] : tops) {
    if (name.starts_with(current)) return older + name.substr(current.size());
  }
  return name;
}

}  // namespace mi2::test
