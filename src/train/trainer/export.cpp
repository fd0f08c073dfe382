#include "train/trainer/export.hpp"

#include <system_error>
#include <vector>

#include "base/files.hpp"
#include "weights/safetensors.hpp"

namespace mi2::train {
namespace {

void write_text(const std::filesystem::path& path, const std::string& text) {
  base::AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace

void write_model(const std::filesystem::path& folder, const ModelParts& parts, std::span<const NamedTensor> weights,
                 const std::map<std::string, std::string>& metadata) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  write_text(folder / "config.yaml", parts.config);
  if (parts.tokenizer) {
    write_text(folder / "vocab.json", parts.tokenizer->vocab);
    write_text(folder / "merges.txt", parts.tokenizer->merges);
  }
  std::vector<at::Tensor> held;
  std::vector<ops::Parameter> rows;
  for (const NamedTensor& weight : weights) {
    const at::Tensor& host = held.emplace_back(weight.value.detach().cpu().contiguous());
    const tensor::Shape shape(std::span<const std::int64_t>(host.sizes().data(), host.sizes().size()));
    rows.push_back({weight.name, shape, tensor::DType::kF32, host.const_data_ptr(), nullptr});
  }
  weights::write_safetensors(folder / "model.safetensors", rows, metadata);
}

}  // namespace mi2::train
