#include "models/inspect_report.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// The first setting in which two models differ, or nothing. What only training uses is left out.
std::string difference(const weights::ModelConfig& found, const weights::ModelConfig& published) {
  const auto differ = [](std::string_view what, const auto& here, const auto& there) {
    return here == there ? std::string() : fmt::format("{} {}, published {}", what, here, there);
  };
  const weights::ModelConfig::Image& a = found.image;
  const weights::ModelConfig::Image& b = published.image;
  for (const std::string& text :
       {differ("image height", a.height, b.height), differ("image width", a.width, b.width),
        differ("widths", a.dims, b.dims), differ("depths", a.depths, b.depths), differ("heads", a.heads, b.heads),
        differ("groups", a.groups, b.groups), differ("window", a.window, b.window), differ("mean", a.mean, b.mean),
        differ("std", a.std, b.std), differ("patch size", a.patch_size, b.patch_size),
        differ("patch stride", a.patch_stride, b.patch_stride),
        differ("patch padding", a.patch_padding, b.patch_padding),
        differ("patch prenorm", a.patch_prenorm, b.patch_prenorm),
        differ("text width", found.text.width, published.text.width),
        differ("text layers", found.text.layers, published.text.layers),
        differ("text heads", found.text.heads, published.text.heads),
        differ("text context", found.text.context, published.text.context),
        differ("embedding", found.projection, published.projection)}) {
    if (!text.empty()) return text;
  }
  return {};
}

/// Of the weights, or of those that a packed file was made from.
std::optional<std::string> sha256_of(const InspectReport& report) {
  if (report.weights) return report.weights->sha256;
  if (report.packed) return report.packed->weights_sha256;
  return std::nullopt;
}

void compare_with_published(const Published& published, InspectReport& report) {
  const std::optional<std::string> sha256 = sha256_of(report);
  if (sha256 && !published.sha256.empty()) report.same_hash = *sha256 == published.sha256;
  if (!report.config || (!report.files && !report.packed)) return;
  Publication& publication = report.publication.emplace();
  publication.difference = difference(*report.config, weights::parse_config(published.config, "the published model"));
  publication.same_architecture = publication.difference.empty();
}

/// What usually helps with a problem.
std::string advice_for(const InspectReport& report) {
  if (report.problems.empty()) return {};
  const std::string& first = report.problems.front();
  const auto says = [&](std::string_view words) { return first.find(words) != std::string::npos; };
  const std::string file = report.files ? report.files->weights.string() : report.path;
  if (says("PyTorch pickle")) {
    return fmt::format(
        "convert it, with torch and safetensors installed: python3 -c \"import torch, safetensors.torch as s; "
        "s.save_file({{k: v.contiguous() for k, v in torch.load('{}', weights_only=True).items()}}, "
        "'model.safetensors')\", and leave only one weights file in the folder",
        file);
  }
  if (says("Git LFS") || says("web page")) return "download the weights file itself from its publisher";
  if (says("holds") && says("more")) return "the file is cut; download it again and compare its size";
  if (says("is missing") || says("is not the model's") || says("has shape")) {
    return "weights and config.yaml are of two models; take both from one folder of the publisher";
  }
  if (says("NaN")) return "the weights are damaged; download them again";
  return {};
}

}  // namespace

bool is_config(const std::filesystem::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

InspectReport inspect(const std::filesystem::path& path, const Published& published) {
  InspectReport report;
  report.path = path.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    report.files = weights::find_model(path);
    report.config_path = report.files->config.string();
    report.config = weights::load_config(report.files->config);
    try {
      inspect_weights(report.files->weights, report);
    } catch (const Error& error) {
      // The folder was read; that its weights cannot be is what there is to say about it.
      report.weights.reset();
      report.problems.emplace_back(error.what());
    }
  } else if (is_config(path)) {
    report.config_path = report.path;
    report.config = weights::load_config(path);
  } else {
    inspect_weights(path, report);
  }
  compare_with_published(published, report);
  report.advice = advice_for(report);
  return report;
}

}  // namespace mi2::models
