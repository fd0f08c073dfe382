#include "train/trainer/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "base/files.hpp"
#include "weights/safetensors.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

constexpr const char* kFormat = "mi2-train-checkpoint-1";

tensor::Shape shape_of(const at::Tensor& x) {
  return tensor::Shape(std::span<const std::int64_t>(x.sizes().data(), x.sizes().size()));
}

std::map<std::string, std::string> metadata_of(const RunState& state, const std::string& run) {
  std::map<std::string, std::string> metadata{{"format", kFormat},
                                              {"run", run},
                                              {"step", fmt::to_string(state.step)},
                                              {"skipped", fmt::to_string(state.skipped)},
                                              {"best_step", fmt::to_string(state.best_step)},
                                              {"without_better", fmt::to_string(state.without_better)}};
  if (state.best) metadata.emplace("best", fmt::to_string(*state.best));
  return metadata;
}

/// Reads the metadata of one checkpoint.
class Metadata {
 public:
  explicit Metadata(const weights::SafeTensors& file) : file_(file) {
    if (text("format") != kFormat) fail("format");
  }

  [[nodiscard]] const std::string& text(const std::string& key) const {
    const auto at = file_.metadata().find(key);
    if (at == file_.metadata().end()) fail(key);
    return at->second;
  }
  template <typename T>
  [[nodiscard]] T number(const std::string& key) const {
    const std::string& digits = text(key);
    T value{};
    const auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc() || stop != digits.data() + digits.size()) fail(key);
    return value;
  }
  [[nodiscard]] bool has(const std::string& key) const { return file_.metadata().contains(key); }

 private:
  [[noreturn]] void fail(const std::string& key) const {
    throw Error(Code::kBadFile, fmt::format("{}: no checkpoint of mi2 train that this version reads (metadata '{}')",
                                            file_.name(), key));
  }
  const weights::SafeTensors& file_;
};

void copy_into(const NamedTensor& tensor, const weights::SafeTensors& file) {
  const ops::Parameter stored = file.parameter(tensor.name);
  if (stored.shape != shape_of(tensor.value)) {
    throw Error(Code::kBadFile, fmt::format("{}: tensor '{}' has shape {}, expected {}", file.name(), tensor.name,
                                            stored.shape.to_string(), shape_of(tensor.value).to_string()));
  }
  if (!tensor::all_finite(stored.dtype, stored.data, static_cast<std::size_t>(stored.shape.count()))) {
    throw Error(Code::kBadFile, fmt::format("{}: tensor '{}' holds a NaN or an infinity, expected finite numbers",
                                            file.name(), tensor.name));
  }
  const std::vector<float> values = stored.to_floats();
  tensor.value.detach().copy_(at::from_blob(const_cast<float*>(values.data()), tensor.value.sizes(), at::kFloat));
}

}  // namespace

std::filesystem::path Checkpoints::path_of(std::int64_t step) const {
  return folder_ / fmt::format("step-{:08}.safetensors", step);
}

std::vector<std::int64_t> Checkpoints::steps() const {
  std::vector<std::int64_t> found;
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, fault)) {
    const std::string name = entry.path().stem().string();
    std::int64_t step = 0;
    if (!name.starts_with("step-") || entry.path().extension() != ".safetensors") continue;
    const auto [stop, error] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (error == std::errc() && stop == name.data() + name.size() && path_of(step) == entry.path()) {
      found.push_back(step);
    }
  }
  std::ranges::sort(found);
  return found;
}

void Checkpoints::save(const RunState& state, std::span<const NamedTensor> tensors, const std::string& run) const {
  std::error_code fault;
  std::filesystem::create_directories(folder_, fault);
  std::vector<at::Tensor> held;
  std::vector<weights::StoredTensor> rows;
  for (const NamedTensor& tensor : tensors) {
    const at::Tensor& host = held.emplace_back(tensor.value.detach().cpu().contiguous());
    const auto* const bytes = static_cast<const std::byte*>(host.const_data_ptr());
    rows.push_back({tensor.name, "F32", shape_of(host), std::span(bytes, host.nbytes())});
  }
  base::AtomicFile file(path_of(state.step));
  weights::write_safetensors(file, rows, metadata_of(state, run));
  file.commit();
}

RunState Checkpoints::load(std::int64_t step, std::span<const NamedTensor> tensors, const std::string& run) const {
  const weights::SafeTensors file(path_of(step));
  const Metadata metadata(file);
  if (metadata.text("run") != run) {
    throw Error(Code::kBadArgument, fmt::format("{}: is of a run with other settings ({}; now {})", file.name(),
                                                metadata.text("run"), run));
  }
  RunState state{metadata.number<std::int64_t>("step"), metadata.number<std::int64_t>("skipped"), std::nullopt,
                 metadata.number<std::int64_t>("best_step"), metadata.number<std::int64_t>("without_better")};
  if (metadata.has("best")) state.best = metadata.number<double>("best");
  if (file.tensors().size() != tensors.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: holds {} tensors, expected {}", file.name(), file.tensors().size(), tensors.size()));
  }
  const at::NoGradGuard no_graph;
  for (const NamedTensor& tensor : tensors) copy_into(tensor, file);
  return state;
}

void Checkpoints::prune(int keep) const {
  if (keep < 0) return;
  const std::vector<std::int64_t> all = steps();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < all.size(); ++i) {
    std::error_code fault;
    std::filesystem::remove(path_of(all[i]), fault);
  }
}

}  // namespace mi2::train
