#include "models/inspect.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace mi2::models {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownProblems = 5;
constexpr double kMillion = 1e6;

std::string_view naming_text(const WeightsReport& weights) {
  return weights.naming ? name_of(*weights.naming) : "mixed";
}

/// The double that reads like the float: 0.485, where a plain conversion gives 0.48500001430511475.
std::vector<double> readable(const std::array<float, 3>& values) {
  std::vector<double> result;
  for (const float value : values) result.push_back(std::stod(fmt::format("{}", value)));
  return result;
}

Json to_json(const weights::ModelConfig& config) {
  const weights::ModelConfig::Image& image = config.image;
  const weights::ModelConfig::Text& text = config.text;
  Json object;
  object["image"] = Json{{"height", image.height},
                         {"width", image.width},
                         {"mean", readable(image.mean)},
                         {"std", readable(image.std)},
                         {"patch_size", image.patch_size},
                         {"patch_stride", image.patch_stride},
                         {"patch_padding", image.patch_padding},
                         {"patch_prenorm", image.patch_prenorm},
                         {"dims", image.dims},
                         {"heads", image.heads},
                         {"groups", image.groups},
                         {"depths", image.depths},
                         {"window", image.window},
                         {"drop_rate", image.drop_rate},
                         {"drop_path_rate", image.drop_path_rate}};
  object["text"] =
      Json{{"context", text.context}, {"width", text.width}, {"heads", text.heads}, {"layers", text.layers}};
  object["projection"] = config.projection;
  return object;
}

Json shape_json(const tensor::Shape& shape) {
  Json extents = Json::array();
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return extents;
}

void add_weights(const WeightsReport& weights, Json& object) {
  object["weights"] = Json{{"path", weights.path},
                           {"bytes", weights.bytes},
                           {"sha256", weights.sha256},
                           {"naming", naming_text(weights)},
                           {"metadata", weights.metadata}};
  object["parameters"] =
      Json{{"image", weights.image_parameters}, {"text", weights.text_parameters}, {"total", weights.all_parameters}};
  object["dtypes"] = weights.dtypes;
  object["tensor_count"] = weights.tensors.size();
  Json tensors = Json::array();
  for (const weights::TensorInfo& tensor : weights.tensors) {
    tensors.push_back(Json{{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", shape_json(tensor.shape)}});
  }
  object["tensors"] = std::move(tensors);
}

std::string tokenizer_text(const weights::ModelFiles& files) {
  return files.vocab ? files.vocab->string() + ", " + files.merges->filename().string() : "built in";
}

std::string config_text(const weights::ModelConfig& config) {
  std::string text;
  for (const auto& [name, what] : towers_of(config)) text += fmt::format("{:<12} {}\n", name, what);
  return text;
}

std::string weights_text(const WeightsReport& weights) {
  std::vector<std::string> dtypes;
  for (const auto& [dtype, count] : weights.dtypes) dtypes.push_back(fmt::format("{} {}", count, dtype));
  std::string text = fmt::format(
      "weights      {}\n"
      "size         {:.1f} MB\n"
      "sha256       {}\n"
      "tensors      {} ({}), {} names\n"
      "parameters   {:.1f} M: image {:.1f} M, text {:.1f} M\n",
      weights.path, static_cast<double>(weights.bytes) / kMillion, weights.sha256, weights.tensors.size(),
      fmt::join(dtypes, ", "), naming_text(weights), static_cast<double>(weights.all_parameters) / kMillion,
      static_cast<double>(weights.image_parameters) / kMillion,
      static_cast<double>(weights.text_parameters) / kMillion);
  for (const auto& [key, value] : weights.metadata) {
    text += fmt::format("metadata     {}: {}\n", weights::in_quotes(key), weights::in_quotes(value));
  }
  return text;
}

std::string packed_text(const PackedReport& packed) {
  return fmt::format(
      "packed       {}\n"
      "size         {:.1f} MB, {} blocks, layout {}\n"
      "dtype        {}\n"
      "made from    weights with sha256 {}\n"
      "tokenizer    {}\n",
      packed.path, static_cast<double>(packed.bytes) / kMillion, packed.blocks, packed.layout_version, packed.dtype,
      packed.weights_sha256, packed.own_tokenizer ? "the model's own, inside" : "built in");
}

Json to_json(const PackedReport& packed) {
  return {{"path", packed.path},
          {"bytes", packed.bytes},
          {"blocks", packed.blocks},
          {"layout", packed.layout_version},
          {"dtype", packed.dtype},
          {"weights_sha256", packed.weights_sha256},
          {"own_tokenizer", packed.own_tokenizer}};
}

/// Whether the report is of something that can be opened as a model.
bool is_model(const InspectReport& report) { return report.files || report.packed; }

std::string problems_text(const InspectReport& report) {
  if (report.problems.empty()) return "loads        yes\n";
  std::string text = fmt::format("loads        no, {} problems\n", report.problems.size());
  for (std::size_t i = 0; i < std::min(kShownProblems, report.problems.size()); ++i) {
    text += fmt::format("             {}\n", report.problems[i]);
  }
  if (report.problems.size() > kShownProblems) text += "             ... (all with --json)\n";
  if (!report.advice.empty()) text += fmt::format("to do        {}\n", report.advice);
  return text;
}

/// Whether it is the model that people mean. The same shape with other numbers is a fine-tuned model, or a forged one.
std::string publication_text(const InspectReport& report) {
  if (!report.publication) return {};
  if (!report.publication->same_architecture) {
    return fmt::format("published    no, another model: {}\n", report.publication->difference);
  }
  if (!report.problems.empty()) return "published    configured as MedImageInsight, with weights that do not fit\n";
  constexpr std::string_view kShaped =
      "shaped as MedImageInsight 1.0.0: configuration, names and shapes of all tensors";
  if (!report.same_hash)
    return fmt::format("published    {}; compare sha256 with the publisher's (--sha256)\n", kShaped);
  if (*report.same_hash) return fmt::format("published    yes, {}, and the sha256 that was given\n", kShaped);
  return fmt::format("published    no, {}, but other weights than those of the sha256 that was given\n", kShaped);
}

std::string hash_text(const InspectReport& report) {
  if (!report.same_hash) return {};
  return fmt::format("compared     sha256 is {}the one that was given\n", *report.same_hash ? "" : "not ");
}

void add_publication(const InspectReport& report, Json& object) {
  object["published"] =
      report.publication->same_architecture && report.problems.empty() && report.same_hash.value_or(true);
  if (!report.publication->difference.empty()) object["differs"] = report.publication->difference;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> towers_of(const weights::ModelConfig& config) {
  const weights::ModelConfig::Image& image = config.image;
  const weights::ModelConfig::Text& text = config.text;
  return {
      {"image tower", fmt::format("{} x {} pixels, widths {}, depths {}, heads {}, groups {}, window {}", image.height,
                                  image.width, fmt::join(image.dims, "/"), fmt::join(image.depths, "/"),
                                  fmt::join(image.heads, "/"), fmt::join(image.groups, "/"), image.window)},
      {"text tower",
       fmt::format("{} tokens, width {}, {} layers, {} heads", text.context, text.width, text.layers, text.heads)},
      {"embedding", fmt::format("{} numbers", config.projection)}};
}

std::string inspect_text(const std::filesystem::path& path, const Published& published) {
  const InspectReport report = inspect(path, published);
  std::string text;
  if (report.config) text += fmt::format("config       {}\n{}", report.config_path, config_text(*report.config));
  if (report.weights) text += weights_text(*report.weights);
  if (report.packed) text += packed_text(*report.packed);
  if (report.files) text += fmt::format("tokenizer    {}\n", tokenizer_text(*report.files));
  text += hash_text(report) + publication_text(report);
  if (is_model(report) || !report.problems.empty()) text += problems_text(report);
  return text;
}

std::string inspect_json(const std::filesystem::path& path, const Published& published) {
  const InspectReport report = inspect(path, published);
  Json object;
  object["path"] = report.path;
  object["kind"] = report.files ? "model" : report.packed ? "packed" : report.weights ? "weights" : "config";
  if (is_model(report)) object["loads"] = report.problems.empty();
  if (is_model(report) || report.weights) object["problems"] = report.problems;
  if (!report.advice.empty()) object["advice"] = report.advice;
  if (report.publication) add_publication(report, object);
  if (report.same_hash) object["sha256_matches"] = *report.same_hash;
  if (report.packed) object["packed"] = to_json(*report.packed);
  if (report.config) {
    object["config_path"] = report.config_path;
    object["config"] = to_json(*report.config);
  }
  if (report.files) {
    object["tokenizer"] =
        report.files->vocab ? Json{{"vocab", report.files->vocab->string()}, {"merges", report.files->merges->string()}}
                            : Json(nullptr);
  }
  if (report.weights) add_weights(*report.weights, object);
  // Paths may hold any bytes.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace mi2::models
