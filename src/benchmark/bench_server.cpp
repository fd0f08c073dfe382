#include "benchmark/bench_server.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clip_vocabulary.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "benchmark/json.hpp"
#include "benchmark/workload.hpp"
#include "ops/cpu/isa.hpp"
#include "weights/safetensors.hpp"

namespace mi2::benchmark {
namespace {

using namespace benchmark;

[[noreturn]] void refuse(const std::string& message) { throw Error(Code::kBadArgument, message); }

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Takes the request's fields by name and type, and names the one that is wrong.
class Fields {
 public:
  explicit Fields(std::string_view request) : json_(base::parse_json(request, {.name = "request"})) {
    if (!json_.is_object()) refuse("expected an object");
    constexpr std::array kKnown{"op", "kind", "batch", "tokens", "file", "ids", "profile"};
    for (const auto& [name, value] : json_.items()) {
      if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
        refuse("a field is unknown; there are op, kind, batch, tokens, file, ids and profile");
      }
    }
  }

  [[nodiscard]] bool has(const char* name) const { return json_.contains(name); }

  [[nodiscard]] std::string one_of(const char* name, const char* first, const char* second) const {
    const auto at = json_.find(name);
    if (at != json_.end() && (*at == first || *at == second)) return at->get<std::string>();
    refuse(fmt::format("field '{}': expected \"{}\" or \"{}\"", name, first, second));
  }

  [[nodiscard]] std::int64_t integer(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) const {
    if (const auto at = json_.find(name); at != json_.end()) value = whole(*at, name, low, high);
    return value;
  }

  [[nodiscard]] bool flag(const char* name) const {
    const auto at = json_.find(name);
    if (at == json_.end()) return false;
    if (!at->is_boolean()) refuse(fmt::format("field '{}': expected true or false", name));
    return at->get<bool>();
  }

  [[nodiscard]] std::string text(const char* name) const {
    const Json& value = json_.at(name);
    if (!value.is_string()) refuse(fmt::format("field '{}': expected a string", name));
    return value.get<std::string>();
  }

  [[nodiscard]] ops::TokenBatch tokens(std::int64_t context) const {
    const Json& texts = json_.at("ids");
    if (!texts.is_array() || texts.empty() || texts.size() > kMaxBatch) {
      refuse(fmt::format("field 'ids': expected an array of 1 to {} texts", kMaxBatch));
    }
    ops::TokenBatch batch;
    for (const Json& text : texts) {
      if (!text.is_array() || text.empty() || text.size() > static_cast<std::size_t>(context)) {
        refuse(fmt::format("field 'ids': a text is an array of 1 to {} token ids", context));
      }
      std::vector<std::int32_t> ids;
      for (const Json& id : text)
        ids.push_back(static_cast<std::int32_t>(whole(id, "ids", 0, base::kClipVocabulary - 1)));
      batch.add(ids);
    }
    return batch;
  }

 private:
  static std::int64_t whole(const Json& value, const char* name, std::int64_t low, std::int64_t high) {
    // A number beyond 2^63 is parsed as unsigned and would turn negative here, which is out of every range too.
    if (value.is_number_integer()) {
      const auto number = value.get<std::int64_t>();
      if (number >= low && number <= high) return number;
    }
    refuse(fmt::format("field '{}': expected an integer from {} to {}", name, low, high));
  }

  Json json_;
};

/// The tensor "pixels" of a file, of the model's size.
tensor::Tensor read_pixels(const std::filesystem::path& path, const weights::ModelConfig& config) {
  const weights::SafeTensors file(path);
  const ops::Parameter pixels = file.parameter("pixels");
  const tensor::Shape wanted{pixels.shape.rank() == 4 ? pixels.shape[0] : 1, config.image.height, config.image.width,
                             3};
  if (pixels.shape != wanted || wanted[0] < 1 || wanted[0] > kMaxBatch) {
    throw Error(Code::kBadFile, fmt::format("{}: 'pixels' has shape {}, expected [1 to {}, {}, {}, 3]", path.string(),
                                            pixels.shape.to_string(), kMaxBatch, wanted[1], wanted[2]));
  }
  tensor::Tensor x(wanted);
  tensor::convert_to_f32(pixels.dtype, pixels.data, x.data<float>(), static_cast<std::size_t>(wanted.count()));
  if (!std::ranges::all_of(x.floats(), [](float value) { return std::isfinite(value); })) {
    throw Error(Code::kBadFile, fmt::format("{}: 'pixels' holds a number that is not finite", path.string()));
  }
  return x;
}

}  // namespace

struct BenchServer::Impl {
  explicit Impl(const BenchmarkOptions& wanted) : options(wanted), loaded(load(wanted)) {}

  /// The pass a request asks for, its input made or read.
  [[nodiscard]] std::function<tensor::Tensor()> pass_of(const Fields& fields) const {
    models::Model& model = *loaded.model;
    const auto conflict = [&](const char* one, const char* other) {
      if (fields.has(one) && fields.has(other)) refuse(fmt::format("'{}' and '{}' exclude each other", one, other));
    };
    if (fields.one_of("kind", "image", "text") == "image") {
      conflict("file", "batch");
      for (const char* name : {"ids", "tokens"}) {
        if (fields.has(name)) refuse(fmt::format("field '{}' is for texts", name));
      }
      tensor::Tensor pixels = fields.has("file") ? read_pixels(fields.text("file"), loaded.config)
                                                 : test_pixels(loaded.config, fields.integer("batch", 1, 1, kMaxBatch));
      return [&model, pixels = std::move(pixels)] { return model.embed_images(pixels); };
    }
    conflict("ids", "batch");
    conflict("ids", "tokens");
    if (fields.has("file")) refuse("field 'file' is for images");
    const std::int64_t context = loaded.config.text.context;
    ops::TokenBatch tokens =
        fields.has("ids") ? fields.tokens(context)
                          : test_tokens(fields.integer("batch", 1, 1, kMaxBatch),
                                        fields.integer("tokens", std::min<std::int64_t>(16, context), 2, context));
    return [&model, tokens = std::move(tokens)] { return model.embed_texts(tokens); };
  }

  [[nodiscard]] Json time(const std::function<tensor::Tensor()>& pass, bool profiled) const {
    if (!profiled) return {{"seconds", timed_pass(loaded, pass, nullptr)}};
    ops::cpu::Profile profile;
    const double seconds = timed_pass(loaded, pass, &profile);
    return {{"seconds", seconds},
            {"flop", flop_of(profile)},
            {"peak_bytes", base::resident_memory().peak},
            {"parts", json_of(parts_of(profile, seconds, 1))}};
  }

  BenchmarkOptions options;
  LoadedModel loaded;
};

BenchServer::BenchServer(const BenchmarkOptions& options) : impl_(std::make_unique<Impl>(options)) {}
BenchServer::BenchServer(BenchServer&&) noexcept = default;
BenchServer::~BenchServer() = default;

std::string BenchServer::greeting() const {
  return dump({{"cpu", ops::cpu::cpu_model()},
               {"engine", impl_->loaded.engine},
               {"dtype", impl_->loaded.dtype},
               {"threads", impl_->loaded.threads},
               {"load_s", impl_->loaded.load_seconds},
               {"resident_bytes", base::resident_memory().now}});
}

std::string BenchServer::answer(std::string_view request) {
  const Fields fields(request);
  const bool timed = fields.one_of("op", "time", "embed") == "time";
  const bool profiled = fields.flag("profile");
  const std::function<tensor::Tensor()> pass = impl_->pass_of(fields);
  if (timed) return dump(impl_->time(pass, profiled));
  if (profiled) refuse("field 'profile' is for op time");
  const tensor::Tensor vectors = pass();
  check_unit_vectors(vectors);
  const std::int64_t width = vectors.shape()[1];
  Json rows = Json::array();
  for (std::int64_t row = 0; row < vectors.shape()[0]; ++row) {
    const float* values = vectors.data<float>() + row * width;
    rows.push_back(std::vector<float>(values, values + width));
  }
  return dump({{"vectors", std::move(rows)}});
}

std::string error_answer(const Error& error) {
  return dump({{"error", {{"code", name_of(error.code())}, {"message", error.what()}}}});
}

}  // namespace mi2::benchmark
