// What a model's directory says about how it is served.

#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/matrix.hpp>

#include "adapter/adapter.hpp"
#include "base/files.hpp"
#include "classify/prompts.hpp"
#include "protocols/json.hpp"
#include "protocols/service.hpp"
#include "text/tokenizer.hpp"
#include "weights/model_source.hpp"

namespace mi2::protocols {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxConfigBytes = 4 << 20;
constexpr std::size_t kMaxConfigValues = 100'000;

[[noreturn]] void bad(const fs::path& file, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", file.string(), what));
}

/// A directory's JSON file, null if it has none.
Json read_config(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return nullptr;
  try {
    Json config = parse_json(base::read_text_file(file, kMaxConfigBytes), kMaxConfigValues);
    need_object(config, "the file");
    return config;
  } catch (const Error& error) {
    bad(file, error.what());
  }
}

std::vector<std::string> labels_of(Json& labels, const fs::path& file) {
  std::vector<std::string> result;
  try {
    for (Json& label : need_array(labels, "labels")) {
      result.push_back(take_string(label, fmt::format("labels: label {}", result.size() + 1)));
    }
    static_cast<void>(classify::prompts_of(result, {"{}"}));  // refuses none, an empty one, one twice
  } catch (const Error& error) {
    bad(file, error.what());
  }
  return result;
}

int read_size(Json& config, const char* key, const fs::path& file) {
  Json* value = member(config, key);
  constexpr int kMost = 1 << 20;
  if (value == nullptr || !value->is_number_integer() || *value < 1 || *value > kMost) {
    bad(file, fmt::format("{}: expected a whole number from 1 to {}", key, kMost));
  }
  return value->get<int>();
}

void describe_adapter(ServedModel& model, const fs::path& folder, Json& config) {
  const fs::path file = folder / "config.json";
  if (!config.contains("labels")) bad(file, "labels: is missing");
  model.labels = labels_of(config["labels"], file);
  if (const int channels = read_size(config, "in_channels", file); channels != model.dimensions) {
    bad(file, fmt::format("in_channels is {}, the model's vectors have {} numbers", channels, model.dimensions));
  }
  static_cast<void>(read_size(config, "hidden_dim", file));
  const auto adapter = std::make_shared<const adapter::Adapter>(adapter::Adapter::open(folder));
  model.adapter = [adapter](std::span<const float> image) {
    const std::vector<double> logits = adapter->logits(image);
    return std::vector<float>(logits.begin(), logits.end());
  };
  model.kind = ModelKind::kAdapter;
}

void describe_zero_shot(ServedModel& model, const fs::path& file, Json& labels, const Embedder& embedder) {
  model.labels = labels_of(labels, file);
  // The hosted classifier's labels are sentences: "pneumonia" is embedded as "pneumonia.".
  model.label_vectors = embedder.embed_texts(classify::prompts_of(model.labels, {"{}."})).vectors;
  model.kind = ModelKind::kZeroShot;
}

std::shared_ptr<const text::Tokenizer> open_tokenizer(const fs::path& path) {
  const weights::ModelSource source(path);
  if (const auto own = source.tokenizer()) {
    return std::make_shared<text::Tokenizer>(own->vocab, own->merges, own->name);
  }
  return std::make_shared<text::Tokenizer>();
}

std::int64_t seconds_of(const fs::path& path) {
  std::error_code error;
  const fs::file_time_type time = fs::last_write_time(path, error);
  if (error) return 0;
  const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

}  // namespace

ServedModel describe_model(std::string name, const Embedder& embedder, const fs::path& model) {
  ServedModel served;
  served.name = std::move(name);
  served.dimensions = embedder.dimensions();
  served.logit_scale = embedder.logit_scale();
  served.provenance = embedder.provenance();
  served.created = seconds_of(model);
  const auto tokenizer = open_tokenizer(model);
  served.count_tokens = [tokenizer](std::string_view text) { return tokenizer->encode(text).ids.size(); };
  served.is_cut = [tokenizer](std::string_view text) { return tokenizer->encode(text).truncated; };
  std::error_code ignored;
  if (!fs::is_directory(model, ignored)) return served;
  const fs::path folder = model / "adapter_model";
  if (Json config = read_config(folder / "config.json"); !config.is_null()) {
    describe_adapter(served, folder, config);
    return served;
  }
  const fs::path file = model / "config.json";
  if (Json config = read_config(file); config.is_object() && config.contains("labels")) {
    describe_zero_shot(served, file, config["labels"], embedder);
  }
  return served;
}

}  // namespace mi2::protocols
