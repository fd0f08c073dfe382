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
  std::vector<at::Tensor> held;
  std::vector<weights::StoredTensor> rows;
  for (const NamedTensor& weight : weights) {
    const at::Tensor& host = held.emplace_back(weight.value.detach().cpu().contiguous());
    const tensor::Shape shape(std::span<const std::int64_t>(host.sizes().data(), host.sizes().size()));
    rows.push_back({weight.name, "F32", shape, {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}});
  }
  // Written first, so that nothing is left of weights that are refused, and named last.
  base::AtomicFile file(folder / "model.safetensors");
  weights::write_safetensors(file, rows, metadata);
  write_text(folder / "config.yaml", parts.config);
  if (parts.tokenizer) {
    write_text(folder / "vocab.json", parts.tokenizer->vocab);
    write_text(folder / "merges.txt", parts.tokenizer->merges);
  }
  file.commit();
}

}  // namespace mi2::train
