#include "train/trainer/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "weights/packed_checksum.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

constexpr const char* kFormat = "mi2-train-checkpoint-2";
constexpr const char* kOlderFormat = "mi2-train-checkpoint-1";
constexpr const char* kData = "data";  ///< checksum of the tensors' bytes; that of the header is weights::key::kHeader

tensor::Shape shape_of(const at::Tensor& x) {
  return tensor::Shape(std::span<const std::int64_t>(x.sizes().data(), x.sizes().size()));
}

/// XXH3 of the XXH3s of all tensors.
class DataSum {
 public:
  void add(std::span<const std::byte> bytes) { sums_.push_back(base::xxh3(bytes)); }
  [[nodiscard]] std::string text() const { return weights::checksum_text(base::xxh3(std::as_bytes(std::span(sums_)))); }

 private:
  std::vector<std::uint64_t> sums_;
};

std::map<std::string, std::string> metadata_of(const RunState& state, const RunRecord& run) {
  std::map<std::string, std::string> metadata{{"format", kFormat},
                                              {"settings", nlohmann::json(run.settings).dump()},
                                              {"total_steps", fmt::to_string(run.total_steps)},
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
  explicit Metadata(const weights::SafeTensors& file) : file_(file) {}

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

  [[nodiscard]] RunState state() const {
    RunState state{number<std::int64_t>("step"), number<std::int64_t>("skipped"), std::nullopt,
                   number<std::int64_t>("best_step"), number<std::int64_t>("without_better")};
    if (has("best")) state.best = number<double>("best");
    return state;
  }
  [[nodiscard]] RunRecord record() const {
    RunRecord record;
    record.total_steps = number<std::int64_t>("total_steps");
    const nlohmann::json settings = base::parse_json(text("settings"), {.name = file_.name(), .fault = Code::kBadFile});
    if (!settings.is_object()) fail("settings");
    for (const auto& [key, value] : settings.items()) {
      if (!value.is_string()) fail("settings");
      record.settings.emplace(key, value.get<std::string>());
    }
    return record;
  }

  [[noreturn]] void fail(const std::string& key) const {
    throw Error(Code::kBadFile, fmt::format("{}: no checkpoint of mi2 train that this version reads (metadata '{}')",
                                            file_.name(), key));
  }

 private:
  const weights::SafeTensors& file_;
};

void copy_one(const at::Tensor& to, const std::string& name, const weights::SafeTensors& file) {
  const ops::Parameter stored = file.parameter(name);
  if (stored.shape != shape_of(to)) {
    throw Error(Code::kBadFile, fmt::format("{}: tensor '{}' has shape {}, expected {}", file.name(), name,
                                            stored.shape.to_string(), shape_of(to).to_string()));
  }
  if (!tensor::all_finite(stored.dtype, stored.data, static_cast<std::size_t>(stored.shape.count()))) {
    throw Error(Code::kBadFile,
                fmt::format("{}: tensor '{}' holds a NaN or an infinity, expected finite numbers", file.name(), name));
  }
  const std::vector<float> values = stored.to_floats();
  to.detach().copy_(at::from_blob(const_cast<float*>(values.data()), to.sizes(), at::kFloat));
}

/// What the run did not have when the checkpoint was written.
void begin_one(const NamedTensor& tensor, const weights::SafeTensors& file) {
  constexpr std::string_view kAverage = "ema.";
  if (tensor.name.starts_with(kAverage)) {
    copy_one(tensor.value, "model." + tensor.name.substr(kAverage.size()), file);
  } else {
    tensor.value.detach().zero_();
  }
}

}  // namespace

StoredCheckpoint::StoredCheckpoint(const std::filesystem::path& path) : file_(path) {
  const Metadata metadata(file_);
  const std::string& format = metadata.text("format");
  if (format == kOlderFormat) {
    // A damaged format must not pass for that of an older version, which had no checksums.
    if (metadata.has(kData) || metadata.has("settings")) metadata.fail("format");
    older_record_ = metadata.text("run");
  } else if (format == kFormat) {
    check_sums();
    record_ = metadata.record();
  } else {
    metadata.fail("format");
  }
  state_ = metadata.state();
}

void StoredCheckpoint::check_sums() const {
  const Metadata metadata(file_);
  const std::string header = weights::checksum_text(weights::header_checksum(file_.metadata(), file_.tensors()));
  DataSum data;
  for (const weights::TensorInfo& tensor : file_.tensors()) data.add(file_.bytes(tensor));
  for (const auto& [key, sum] : {std::pair{weights::key::kHeader, header}, std::pair{kData, data.text()}}) {
    if (metadata.text(key) == sum) continue;
    throw Error(Code::kBadFile,
                fmt::format("{}: is damaged: the checksum '{}' is {}, another was written", file_.name(), key, sum));
  }
}

void StoredCheckpoint::copy_into(std::span<const NamedTensor> tensors, bool changed) const {
  if (!changed && file_.tensors().size() != tensors.size()) {
    throw Error(Code::kBadFile,
                fmt::format("{}: holds {} tensors, expected {}", file_.name(), file_.tensors().size(), tensors.size()));
  }
  const at::NoGradGuard no_graph;
  for (const NamedTensor& tensor : tensors) {
    if (changed && !tensor.name.starts_with("model.") && file_.find(tensor.name) == nullptr) {
      begin_one(tensor, file_);
    } else {
      copy_one(tensor.value, tensor.name, file_);
    }
  }
  file_.check();
}

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

void Checkpoints::save(const RunState& state, std::span<const NamedTensor> tensors, const RunRecord& run) const {
  std::error_code fault;
  std::filesystem::create_directories(folder_, fault);
  std::vector<at::Tensor> held;
  std::vector<weights::StoredTensor> stored;
  std::vector<weights::TensorInfo> rows;
  DataSum data;
  for (const NamedTensor& tensor : tensors) {
    const at::Tensor& host = held.emplace_back(tensor.value.detach().cpu().contiguous());
    const std::span bytes(static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes());
    const std::uint64_t begin = rows.empty() ? 0 : rows.back().end;
    stored.push_back({tensor.name, "F32", shape_of(host), bytes});
    rows.push_back({tensor.name, "F32", shape_of(host), begin, begin + bytes.size()});
    data.add(bytes);
  }
  std::map<std::string, std::string> metadata = metadata_of(state, run);
  metadata[kData] = data.text();
  metadata[weights::key::kHeader] = weights::checksum_text(weights::header_checksum(metadata, rows));
  base::AtomicFile file(path_of(state.step));
  weights::write_safetensors(file, stored, metadata);
  file.commit();
}

void Checkpoints::prune(int keep, std::int64_t newest) const {
  if (keep < 0) return;
  std::vector<std::int64_t> all = steps();
  std::error_code fault;
  while (!all.empty() && all.back() > newest) {
    std::filesystem::remove(path_of(all.back()), fault);
    all.pop_back();
  }
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < all.size(); ++i) {
    std::filesystem::remove(path_of(all[i]), fault);
  }
}

}  // namespace mi2::train
