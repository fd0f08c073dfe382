#include "adapter/adapter_files.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapter/adapter_json.hpp"
#include "adapter/torch_file.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/partial.hpp"
#include "weights/safetensors.hpp"

namespace mi2::adapter {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJsonBytes = 16ULL << 20;

fs::path with_suffix(const fs::path& stem, std::string_view suffix) {
  fs::path path = stem;
  path += suffix;
  return path;
}

std::span<const std::byte> data_of(const weights::SafeTensors& file) {
  if (file.tensors().empty()) return {};
  const std::byte* const begin = file.bytes(file.tensors().front()).data();
  return {begin, static_cast<std::size_t>(file.tensors().back().end)};
}

/// The tensors of a weights file; numbers are read only of those whose shapes are the adapter's.
std::vector<AdapterTensor> tensors_of(const AdapterDescription& description, const weights::SafeTensors& file) {
  std::vector<AdapterTensor> tensors;
  const std::vector<AdapterTensor> layout = layout_of(description);
  for (const weights::TensorInfo& info : file.tensors()) {
    std::vector<std::int64_t> shape;
    for (std::size_t axis = 0; axis < info.shape.rank(); ++axis) shape.push_back(info.shape[axis]);
    std::vector<float> values;
    const bool wanted = std::any_of(layout.begin(), layout.end(), [&](const AdapterTensor& tensor) {
      return tensor.name == info.name && tensor.shape == shape;
    });
    if (wanted) values = file.parameter(info.name).to_floats();
    tensors.push_back({info.name, std::move(shape), std::move(values)});
  }
  file.check();
  return tensors;
}

/// @param name  of the weights file.
Adapter adapter_from(AdapterDescription description, const std::vector<AdapterTensor>& tensors, std::string_view name) {
  const std::vector<AdapterTensor> layout = layout_of(description);
  for (const AdapterTensor& tensor : tensors) {
    if (std::none_of(layout.begin(), layout.end(), [&](const auto& wanted) { return wanted.name == tensor.name; })) {
      throw Error(Code::kBadFile, fmt::format("{}: tensor '{}' belongs to no {} adapter", name, tensor.name,
                                              name_of(description.kind)));
    }
  }
  try {
    return {std::move(description), tensors};
  } catch (const Error& error) {
    if (error.code() != Code::kBadArgument) throw;
    throw Error(Code::kBadFile, fmt::format("{}: {}", name, error.what()));
  }
}

Adapter adapter_from(AdapterDescription description, const weights::SafeTensors& file) {
  const std::vector<AdapterTensor> tensors = tensors_of(description, file);
  return adapter_from(std::move(description), tensors, file.name());
}

/// Where new weights wait for their description to get its name: Adapter::save() says why.
fs::path next_of(const fs::path& weights) { return with_suffix(base::resolved(weights), ".next"); }

/// The weights that a description means, among those there are.
std::optional<weights::SafeTensors> weights_of(const HeadRecord& record, const fs::path& weights) {
  std::error_code ignored;
  for (const fs::path& path : {weights, next_of(weights)}) {
    if (!fs::exists(path, ignored)) continue;
    weights::SafeTensors file(path);
    if (base::sha256_hex(data_of(file)) == record.data_sha256) return file;
  }
  return std::nullopt;
}

Adapter open_pair(const fs::path& stem) {
  const fs::path json = with_suffix(stem, ".json");
  const fs::path weights = with_suffix(stem, ".safetensors");
  // Somebody may replace the pair between the two reads; whoever reads again finds the new one.
  constexpr int kAttempts = 3;
  for (int i = 0; i < kAttempts; ++i) {
    HeadRecord record = parse_head(base::read_text_file(json, kMaxJsonBytes), json.string());
    if (const auto file = weights_of(record, weights)) return adapter_from(std::move(record.description), *file);
  }
  static_cast<void>(weights::SafeTensors(weights));  // says it if there are none
  throw Error(Code::kBadFile, fmt::format("{}: is not the weights file that {} describes: data_sha256 differs",
                                          weights.string(), json.string()));
}

bool is_pickle_name(const fs::path& path) {
  const std::string suffix = path.extension().string();
  return suffix == ".pt" || suffix == ".pth" || suffix == ".bin" || suffix == ".ckpt" || suffix == ".pkl";
}

[[noreturn]] void refuse_pickle(const fs::path& path) {
  const std::string name = path.filename().string();
  throw Error(Code::kUnsupported,
              fmt::format("{}: a pickle that is no file of torch.save() since PyTorch 1.6; such a one can run code "
                          "when it is read. In Python: import "
                          "torch, safetensors.torch as s; s.save_file(torch.load(\"{}\", map_location=\"cpu\", "
                          "weights_only=True), \"model.safetensors\")",
                          path.string(), name));
}

/// The one safetensors file of a folder, or else the one that torch.save() wrote.
fs::path weights_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::vector<fs::path> pickles;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".safetensors") found.push_back(entry->path());
    if (is_pickle_name(entry->path())) pickles.push_back(entry->path());
  }
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  if (found.empty()) found = std::move(pickles);
  if (found.size() == 1) return found.front();
  throw Error(found.empty() ? Code::kNotFound : Code::kBadFile,
              fmt::format("{}: expected one file of weights, .safetensors or of torch.save(), got {}", folder.string(),
                          found.size()));
}

Adapter adapter_from_torch(AdapterDescription description, const fs::path& path) {
  const base::MappedFile file(path);
  if (!is_torch_file(file.bytes())) refuse_pickle(path);
  const std::vector<AdapterTensor> tensors = parse_torch_file(file.bytes(), path.string());
  file.check();
  return adapter_from(std::move(description), tensors, path.string());
}

}  // namespace

fs::path stem_of(const fs::path& path) {
  const fs::path suffix = path.extension();
  if (suffix != ".json" && suffix != ".safetensors") return path;
  return fs::path(path).replace_extension();
}

Adapter import_toolkit(const fs::path& config, const fs::path& weights) {
  std::error_code ignored;
  const fs::path json = fs::is_directory(config, ignored) ? config / "config.json" : config;
  AdapterDescription description = parse_toolkit_config(base::read_text_file(json, kMaxJsonBytes), json.string());
  const fs::path folder = json.has_parent_path() ? json.parent_path() : fs::path(".");
  const fs::path file = weights.empty() ? weights_in(folder) : weights;
  if (is_pickle_name(file)) return adapter_from_torch(std::move(description), file);
  return adapter_from(std::move(description), weights::SafeTensors(file));
}

Adapter Adapter::open(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return import_toolkit(path);
  return open_pair(stem_of(path));
}

void Adapter::save(const fs::path& stem) const {
  std::vector<float> data;
  for (const AdapterTensor& tensor : tensors_) data.insert(data.end(), tensor.values.begin(), tensor.values.end());
  std::vector<weights::StoredTensor> stored;
  std::span<const std::byte> rest = std::as_bytes(std::span(std::as_const(data)));
  for (const AdapterTensor& tensor : tensors_) {
    const std::size_t bytes = tensor.values.size() * sizeof(float);
    stored.push_back({tensor.name, "F32", tensor::Shape(std::span(tensor.shape)), rest.first(bytes)});
    rest = rest.subspan(bytes);
  }
  // Two files cannot get their names at one moment. The description, which names its weights by their hash, decides:
  // until it is there the old pair is whole, and from then on the new one, wherever a crash leaves its weights.
  const fs::path weights = base::resolved(with_suffix(stem, ".safetensors"));
  base::AtomicFile weights_file(next_of(weights));
  weights::write_safetensors(weights_file, stored, {{"format", "mi2-head"}});
  base::AtomicFile json_file(with_suffix(stem, ".json"));
  json_file.write(to_json({description_, base::sha256_hex(std::as_bytes(std::span(std::as_const(data))))}));
  weights_file.commit();
  json_file.commit();
  base::move_into_place(next_of(weights), weights);
}

}  // namespace mi2::adapter
