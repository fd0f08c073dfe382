#include "models/inspect_report.hpp"

#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "base/hash.hpp"
#include "models/tensor_list.hpp"
#include "weights/checkpoint.hpp"
#include "weights/packed_file.hpp"

namespace mi2::models {
namespace {

/// The tower a tensor belongs to, in either scheme and behind a prefix; projections and the scale are in neither.
std::uint64_t* tower_of(WeightsReport& report, std::string_view name) {
  for (const std::string_view prefix : {"module.", "model."}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  const std::string current = weights::current_name(name);
  if (current.starts_with("image_encoder.")) return &report.image_parameters;
  if (current.starts_with("lang_encoder.")) return &report.text_parameters;
  return nullptr;
}

/// Of an element type that weights have; of another there is nothing to say.
bool is_finite(const weights::SafeTensors& file, const weights::TensorInfo& tensor) {
  if (tensor.dtype != "F32" && tensor.dtype != "F16" && tensor.dtype != "BF16") return true;
  const ops::Parameter found = file.parameter(tensor.name);
  return tensor::all_finite(found.dtype, found.data, static_cast<std::size_t>(found.shape.count()));
}

/// Compares what the checkpoint has with what the configuration asks for.
std::vector<std::string> compare(const weights::Checkpoint& checkpoint, const weights::ModelConfig& config) {
  std::vector<std::string> problems;
  std::map<std::string, std::size_t> left = checkpoint.left();
  for (const ListedTensor& row : tensor_list(config)) {
    const auto found = left.find(row.name);
    if (found == left.end()) {
      problems.push_back(fmt::format("tensor {} is missing", weights::in_quotes(row.name)));
      continue;
    }
    const weights::TensorInfo& tensor = checkpoint.file().tensors()[found->second];
    const bool adaptable =
        row.any_length && tensor.shape.rank() == 2 && tensor.shape[0] > 0 && tensor.shape[1] == row.shape[1];
    if (!weights::is_shape_for(tensor.shape, row.shape) && !adaptable) {
      problems.push_back(fmt::format("tensor {} has shape {}, expected {}", weights::in_quotes(row.name),
                                     tensor.shape.to_string(), row.shape.to_string()));
    }
    if (tensor.dtype != "F32" && tensor.dtype != "F16" && tensor.dtype != "BF16") {
      problems.push_back(fmt::format("tensor {} is of dtype {}, it must be F32, F16 or BF16",
                                     weights::in_quotes(row.name), tensor.dtype));
    }
    if (!is_finite(checkpoint.file(), tensor)) {
      problems.push_back(fmt::format("tensor {} holds a NaN or an infinity", weights::in_quotes(row.name)));
    }
    left.erase(found);
  }
  for (const auto& [name, row] : left) {
    if (!weights::is_known_buffer(name))
      problems.push_back(fmt::format("tensor {} is not the model's", weights::in_quotes(name)));
  }
  return problems;
}

void inspect_packed(weights::SafeTensors file, InspectReport& report) {
  const weights::PackedFile packed(std::move(file));
  const weights::PackedInfo& info = packed.info();
  report.packed = {report.path, packed.file_bytes(), packed.block_count(),  info.layout_version,
                   info.dtype,  info.weights_sha256, info.vocab.has_value()};
  report.config_path = report.path;
  report.config = weights::parse_config(info.config, fmt::format("{}: its config.yaml", report.path));
  try {
    base::ThreadPool pool;
    packed.verify(pool);
  } catch (const Error& e) {
    report.problems.emplace_back(e.what());
  }
}

void inspect_weights(const std::filesystem::path& path, InspectReport& report) {
  weights::SafeTensors file(path);
  if (!report.config && weights::is_packed(file)) return inspect_packed(std::move(file), report);
  WeightsReport& weights = report.weights.emplace();
  weights.path = path.string();
  weights.bytes = file.file_bytes();
  weights.sha256 = base::sha256_hex(path);
  weights.metadata = file.metadata();
  weights.tensors = file.tensors();
  for (const weights::TensorInfo& tensor : weights.tensors) {
    const auto count = static_cast<std::uint64_t>(tensor.shape.count());
    ++weights.dtypes[tensor.dtype];
    weights.all_parameters += count;
    if (std::uint64_t* tower = tower_of(weights, tensor.name)) *tower += count;
  }
  try {
    const weights::Checkpoint checkpoint(std::move(file));
    weights.naming = checkpoint.naming();
    if (report.config) report.problems = compare(checkpoint, *report.config);
  } catch (const Error& e) {
    report.problems.emplace_back(e.what());
  }
}

bool is_config(const std::filesystem::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

}  // namespace

InspectReport inspect(const std::filesystem::path& path) {
  InspectReport report;
  report.path = path.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    report.files = weights::find_model(path);
    report.config_path = report.files->config.string();
    report.config = weights::load_config(report.files->config);
    inspect_weights(report.files->weights, report);
  } else if (is_config(path)) {
    report.config_path = report.path;
    report.config = weights::load_config(path);
  } else {
    inspect_weights(path, report);
  }
  return report;
}

}  // namespace mi2::models
