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

/// The bytes of weights, on the host.
class HostWeights {
 public:
  explicit HostWeights(std::span<const NamedTensor> weights) {
    for (const NamedTensor& weight : weights) {
      const at::Tensor& host = held_.emplace_back(weight.value.detach().cpu().contiguous());
      const tensor::Shape shape(std::span<const std::int64_t>(host.sizes().data(), host.sizes().size()));
      rows_.push_back(
          {weight.name, "F32", shape, {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}});
    }
  }
  [[nodiscard]] const std::vector<weights::StoredTensor>& rows() const noexcept { return rows_; }

 private:
  std::vector<at::Tensor> held_;
  std::vector<weights::StoredTensor> rows_;
};

}  // namespace

void write_lora(const std::filesystem::path& path, const weights::LoraInfo& info, std::span<const NamedTensor> weights,
                std::map<std::string, std::string> metadata) {
  for (const auto& [key, value] : weights::lora_metadata(info)) metadata.insert_or_assign(key, value);
  std::error_code fault;
  std::filesystem::create_directories(path.parent_path(), fault);
  const HostWeights host(weights);
  base::AtomicFile file(path);
  weights::write_safetensors(file, host.rows(), metadata);
  file.commit();
}

void write_model(const std::filesystem::path& folder, const ModelParts& parts, std::span<const NamedTensor> weights,
                 const std::map<std::string, std::string>& metadata) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  const HostWeights host(weights);
  // Written first, so that nothing is left of weights that are refused, and named last.
  base::AtomicFile file(folder / "model.safetensors");
  weights::write_safetensors(file, host.rows(), metadata);
  write_text(folder / "config.yaml", parts.config);
  if (parts.tokenizer) {
    write_text(folder / "vocab.json", parts.tokenizer->vocab);
    write_text(folder / "merges.txt", parts.tokenizer->merges);
  }
  file.commit();
}

}  // namespace mi2::train
