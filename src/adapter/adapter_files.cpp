#include "adapter/adapter_files.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapter/adapter_json.hpp"
#include "adapter/sklearn_json.hpp"
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

std::vector<double> doubles_of(const weights::SafeTensors& file, const weights::TensorInfo& info) {
  const std::span<const std::byte> bytes = file.bytes(info);
  if (info.dtype != "F64") {
    throw Error(Code::kBadFile, fmt::format("{}: tensor '{}': expected F64, which a pipeline has, got {}", file.name(),
                                            info.name, info.dtype));
  }
  std::vector<double> numbers(bytes.size() / sizeof(double));
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
  return numbers;
}

std::vector<std::int64_t> shape_of(const weights::TensorInfo& info) {
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < info.shape.rank(); ++axis) shape.push_back(info.shape[axis]);
  return shape;
}

/// The tensors of a weights file; numbers are read only of those whose shapes are the adapter's.
std::vector<AdapterTensor> tensors_of(const AdapterDescription& description, const weights::SafeTensors& file) {
  std::vector<AdapterTensor> tensors;
  const std::vector<AdapterTensor> layout = layout_of(description);
  for (const weights::TensorInfo& info : file.tensors()) {
    std::vector<std::int64_t> shape = shape_of(info);
    AdapterTensor tensor{info.name, {}, {}};
    const bool wanted = std::any_of(layout.begin(), layout.end(), [&](const AdapterTensor& row) {
      return row.name == info.name && row.shape == shape;
    });
    if (wanted && description.kind == AdapterKind::kPipeline) {
      tensor.precise = doubles_of(file, info);
    } else if (wanted) {
      tensor.values = file.parameter(info.name).to_floats();
    }
    tensor.shape = std::move(shape);
    tensors.push_back(std::move(tensor));
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
  if (path.extension() == ".joblib") {
    throw Error(Code::kUnsupported,
                fmt::format("{}: a pickle of scikit-learn can run code when it is read; docs/adapters.md (From "
                            "scikit-learn) has the lines of Python that write it as JSON, which is read",
                            path.string()));
  }
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

constexpr std::string_view kFirstTensor = "vision_embd.0.weight";

/// Drops what a wrapper put before all names: "module." of DataParallel.
void drop_prefix(std::vector<AdapterTensor>& tensors) {
  const auto first = std::ranges::find_if(
      tensors, [](const AdapterTensor& tensor) { return tensor.name.ends_with(fmt::format(".{}", kFirstTensor)); });
  if (first == tensors.end()) return;
  const std::string prefix = first->name.substr(0, first->name.size() - kFirstTensor.size());
  const bool all =
      std::ranges::all_of(tensors, [&](const AdapterTensor& tensor) { return tensor.name.starts_with(prefix); });
  for (AdapterTensor& tensor : tensors) {
    if (all) tensor.name.erase(0, prefix.size());
  }
}

std::vector<AdapterTensor> read_torch(const fs::path& path) {
  const base::MappedFile file(path);
  if (!is_torch_file(file.bytes())) refuse_pickle(path);
  std::vector<AdapterTensor> tensors = parse_torch_file(file.bytes(), path.string());
  file.check();
  drop_prefix(tensors);
  return tensors;
}

/// A toolkit's adapter whose config is not there: its sizes are those of its tensors.
/// @param tensors  numbers do not matter.
AdapterDescription description_of(const std::vector<AdapterTensor>& tensors, const std::vector<std::string>& labels,
                                  const std::string& name) {
  const auto extent = [&](std::string_view wanted, std::size_t rank, std::size_t axis) {
    const auto found =
        std::ranges::find_if(tensors, [&](const AdapterTensor& tensor) { return tensor.name == wanted; });
    if (found == tensors.end() || found->shape.size() != rank) {
      throw Error(
          Code::kBadFile,
          fmt::format("{}: has no tensor '{}' of {} dimensions: it is no adapter of the toolkit", name, wanted, rank));
    }
    return found->shape[axis];
  };
  AdapterDescription description;
  description.kind = AdapterKind::kMlp;
  description.in_channels = extent(kFirstTensor, 2, 1);
  description.hidden_dim = extent("retrieval_conv.0.weight", 3, 0);
  const std::int64_t outputs = extent("prediction_head.0.weight", 2, 0);
  if (outputs != static_cast<std::int64_t>(labels.size())) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected --labels, one for each of its {} outputs in order, got {}", name, outputs,
                            labels.size()));
  }
  description.labels = labels;
  return description;
}

Adapter import_weights(const fs::path& path, const std::vector<std::string>& labels) {
  if (is_pickle_name(path)) {
    const std::vector<AdapterTensor> tensors = read_torch(path);
    return adapter_from(description_of(tensors, labels, path.string()), tensors, path.string());
  }
  const weights::SafeTensors file(path);
  std::vector<AdapterTensor> shapes;
  for (const weights::TensorInfo& info : file.tensors()) shapes.push_back({info.name, shape_of(info), {}});
  return adapter_from(description_of(shapes, labels, path.string()), file);
}

Adapter import_toolkit(AdapterDescription description, const fs::path& config, const fs::path& weights,
                       const std::vector<std::string>& labels) {
  if (!labels.empty() && labels.size() != description.labels.size()) {
    throw Error(Code::kBadArgument, fmt::format("--labels: expected as many as {} has, {}, got {}", config.string(),
                                                description.labels.size(), labels.size()));
  }
  if (!labels.empty()) description.labels = labels;
  const fs::path folder = config.has_parent_path() ? config.parent_path() : fs::path(".");
  const fs::path file = weights.empty() ? weights_in(folder) : weights;
  if (is_pickle_name(file)) return adapter_from(std::move(description), read_torch(file), file.string());
  return adapter_from(std::move(description), weights::SafeTensors(file));
}

}  // namespace

fs::path stem_of(const fs::path& path) {
  const fs::path suffix = path.extension();
  if (suffix != ".json" && suffix != ".safetensors") return path;
  return fs::path(path).replace_extension();
}

Adapter import_adapter(const fs::path& from, const fs::path& weights, const std::vector<std::string>& labels) {
  std::error_code ignored;
  const bool folder = fs::is_directory(from, ignored);
  const bool alone = !folder && (is_pickle_name(from) || from.extension() == ".safetensors");
  if (from.extension() == ".joblib") refuse_pickle(from);
  if (alone && !weights.empty()) {
    throw Error(Code::kBadArgument, fmt::format("--weights: {} has weights itself", from.string()));
  }
  if (alone) return import_weights(from, labels);
  const fs::path json = folder ? from / "config.json" : from;
  const std::string text = base::read_text_file(json, folder ? kMaxJsonBytes : kMaxSklearnBytes);
  if (!folder) {
    std::optional<Adapter> pipeline = parse_sklearn(text, json.string());
    if (pipeline && (!weights.empty() || !labels.empty())) {
      throw Error(
          Code::kBadArgument,
          fmt::format("{}: has its weights and labels itself; expected neither --weights nor --labels", json.string()));
    }
    if (pipeline) return std::move(*pipeline);
  }
  return import_toolkit(parse_toolkit_config(text, json.string()), json, weights, labels);
}

Adapter Adapter::open(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return import_adapter(path);
  return open_pair(stem_of(path));
}

std::vector<std::byte> Adapter::data() const {
  std::vector<std::byte> data;
  for (const AdapterTensor& tensor : tensors_) {
    for (const auto bytes : {std::as_bytes(std::span(tensor.values)), std::as_bytes(std::span(tensor.precise))}) {
      data.insert(data.end(), bytes.begin(), bytes.end());
    }
  }
  return data;
}

std::string Adapter::data_sha256() const { return base::sha256_hex(data()); }

void Adapter::save(const fs::path& stem, const std::function<void()>& on_written) const {
  const std::vector<std::byte> numbers = data();
  std::vector<weights::StoredTensor> stored;
  std::span<const std::byte> rest = numbers;
  for (const AdapterTensor& tensor : tensors_) {
    const std::size_t bytes = tensor.values.size() * sizeof(float) + tensor.precise.size() * sizeof(double);
    stored.push_back({tensor.name, tensor.precise.empty() ? "F32" : "F64", tensor::Shape(std::span(tensor.shape)),
                      rest.first(bytes)});
    rest = rest.subspan(bytes);
  }
  // Two files cannot get their names at one moment. The description, which names its weights by their hash, decides:
  // until it is there the old pair is whole, and from then on the new one, wherever a crash leaves its weights.
  const fs::path weights = base::resolved(with_suffix(stem, ".safetensors"));
  base::AtomicFile weights_file(next_of(weights));
  weights::write_safetensors(weights_file, stored, {{"format", "mi2-head"}});
  base::AtomicFile json_file(with_suffix(stem, ".json"));
  json_file.write(to_json({description_, base::sha256_hex(numbers)}));
  if (on_written) on_written();
  weights_file.commit();
  json_file.commit();
  base::move_into_place(next_of(weights), weights);
}

}  // namespace mi2::adapter
