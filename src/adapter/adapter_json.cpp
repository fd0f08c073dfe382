#include "adapter/adapter_json.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapter/json_reader.hpp"
#include "adapter/operating_point_json.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormat = "mi2-head";
constexpr int kVersion = 1;            // of adapters whose target is a label
constexpr int kVersionWithTarget = 2;  // of others, which programs of version 1 must not take for these
constexpr std::int64_t kMaxSize = 1 << 16;

/// A share, or NaN for the null of a point whose rows nobody knows.
double known_share(const JsonReader& point, std::string_view key) {
  return point.get(key).is_null() ? std::numeric_limits<double>::quiet_NaN() : point.number(key, 0, 1);
}

std::optional<evaluation::OperatingPoint> read_point(const JsonReader& reader, std::string_view key) {
  if (reader.get(key).is_null()) return std::nullopt;
  const JsonReader point = reader.object(key);
  point.allow({"threshold", "sensitivity", "specificity"});
  return evaluation::OperatingPoint{point.number("threshold", 0, 1), known_share(point, "sensitivity"),
                                    known_share(point, "specificity")};
}

std::vector<Thresholds> read_points(const JsonReader& reader, const std::vector<std::string>& labels) {
  const Json& list = reader.get("operating_points");
  if (!list.is_array() || (!list.empty() && list.size() != labels.size())) {
    reader.refuse("operating_points", fmt::format("expected a list, empty or of {} labels", labels.size()));
  }
  std::vector<Thresholds> points;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonReader row(list[i], reader.file(), fmt::format("operating_points[{}]", i));
    row.allow({"label", "youden", "sensitivity_90"});
    if (row.text("label") != labels[i]) row.refuse("label", "is not the label of this place in labels");
    points.push_back({read_point(row, "youden"), read_point(row, "sensitivity_90")});
  }
  return points;
}

Provenance read_provenance(const JsonReader& reader) {
  reader.allow({"weights_sha256", "profile", "dtype", "version"});
  return {reader.text("version"), reader.text("weights_sha256"), reader.text("profile"), reader.text("dtype")};
}

template <typename Word>
Word word_of(const JsonReader& reader, std::string_view key, std::optional<Word> (*parse)(std::string_view) noexcept) {
  const std::optional<Word> word = parse(reader.text(key));
  if (!word) reader.refuse(key, "is a word that this version does not know");
  return *word;
}

std::vector<std::int64_t> read_widths(const JsonReader& reader, std::string_view key) {
  std::vector<std::int64_t> widths;
  for (const double number : reader.list(key, 1U << 16)) {
    if (number != std::floor(number) || number < 0 || number > static_cast<double>(kMaxPipelineNumbers)) {
      reader.refuse(key, "expected whole numbers");
    }
    widths.push_back(static_cast<std::int64_t>(number));
  }
  return widths;
}

PipelineShape read_pipeline(const JsonReader& reader) {
  if (reader.has("kernel")) {
    reader.allow({"scalers", "kernel", "gamma", "support"});
  } else {
    reader.allow({"scalers", "hidden", "activation", "scores"});
  }
  PipelineShape shape;
  shape.scalers = reader.integer("scalers", 0, kMaxSize);
  if (reader.has("kernel")) {
    constexpr double kMost = std::numeric_limits<double>::max();
    shape.machine = MachineShape{word_of(reader, "kernel", parse_kernel), reader.number("gamma", 0, kMost),
                                 read_widths(reader, "support")};
  }
  if (reader.has("hidden")) {
    shape.network = NetworkShape{read_widths(reader, "hidden"), word_of(reader, "activation", parse_activation),
                                 word_of(reader, "scores", parse_squash)};
  }
  return shape;
}

nlohmann::ordered_json pipeline_json(const PipelineShape& shape) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["scalers"] = shape.scalers;
  if (shape.network) {
    json["hidden"] = shape.network->hidden;
    json["activation"] = name_of(shape.network->activation);
    json["scores"] = name_of(shape.network->squash);
  }
  if (shape.machine) {
    json["kernel"] = name_of(shape.machine->kernel);
    json["gamma"] = shape.machine->gamma;
    json["support"] = shape.machine->support;
  }
  return json;
}

/// That the shape makes sense, before anything is read by it.
void check_pipeline(const JsonReader& reader, const AdapterDescription& description) {
  try {
    static_cast<void>(pipeline_layout(description));
  } catch (const Error& error) {
    reader.refuse("pipeline", error.what());
  }
  if (description.temperature != 1) reader.refuse("temperature", "of a pipeline it is 1");
}

/// @returns whether it is one that names its target.
bool check_version(const JsonReader& reader) {
  if (!reader.has("format") || !reader.get("format").is_string() || reader.text("format") != kFormat) {
    reader.refuse("format",
                  "is not mi2-head: this is no adapter of mi2; mi2 adapter import takes those of others over");
  }
  const std::int64_t version = reader.integer("version", 1, 1'000'000);
  if (version == kVersionWithTarget || version == kVersion) return version == kVersionWithTarget;
  throw Error(Code::kUnsupported, fmt::format("{}: version {}; this mi2 reads adapters of version {} and {}",
                                              reader.file(), version, kVersion, kVersionWithTarget));
}

Target read_target(const JsonReader& reader) {
  const std::string name = reader.text("target");
  for (const Target target : {Target::kFindings, Target::kNumber, Target::kOrdinal, Target::kSurvival}) {
    if (name_of(target) == name) return target;
  }
  reader.refuse("target", "expected findings, number, ordinal or survival");
}

}  // namespace

HeadRecord parse_head(std::string_view json, std::string_view file) {
  const Json parsed = parse_json(json, file);
  const JsonReader reader(parsed, file, "");
  const bool with_target = check_version(reader);
  reader.allow({"format", "version", "kind", "target", "in_channels", "hidden_dim", "pipeline", "labels", "temperature",
                "operating_points", "embeddings", "training", "evaluated_on", "metrics", "data_sha256"});
  HeadRecord record;
  AdapterDescription& description = record.description;
  try {
    description.kind = parse_kind(reader.text("kind"));
  } catch (const Error& error) {
    if (error.code() == Code::kBadFile) throw;
    reader.refuse("kind", "expected linear, mlp or pipeline");
  }
  if (with_target != reader.has("target")) reader.refuse("target", "belongs to adapters of version 2 alone");
  if (with_target) description.target = read_target(reader);
  description.in_channels = reader.integer("in_channels", 1, kMaxSize);
  if (description.kind == AdapterKind::kMlp) description.hidden_dim = reader.integer("hidden_dim", 1, kMaxSize);
  if (description.kind != AdapterKind::kMlp && reader.has("hidden_dim")) {
    reader.refuse("hidden_dim", fmt::format("a {} adapter has none", name_of(description.kind)));
  }
  const bool is_pipeline = description.kind == AdapterKind::kPipeline;
  if (reader.has("pipeline") != is_pipeline) reader.refuse("pipeline", "belongs to adapters of this kind alone");
  if (is_pipeline) description.pipeline = read_pipeline(reader.object("pipeline"));
  description.labels = reader.texts("labels");
  description.temperature = reader.number("temperature", 1e-6, 1e6);
  if (is_pipeline) check_pipeline(reader, description);
  description.operating_points = read_points(reader, description.labels);
  if (!reader.get("embeddings").is_null()) description.embeddings = read_provenance(reader.object("embeddings"));
  description.training = reader.numbers("training");
  description.evaluated_on = reader.text("evaluated_on");
  description.metrics = reader.numbers("metrics");
  record.data_sha256 = reader.text("data_sha256");
  return record;
}

std::string to_json(const HeadRecord& record) {
  const AdapterDescription& description = record.description;
  nlohmann::ordered_json json{{"format", kFormat}, {"version", kVersion}, {"kind", name_of(description.kind)}};
  if (description.target != Target::kLabel) {
    json["version"] = kVersionWithTarget;
    json["target"] = name_of(description.target);
  }
  json["in_channels"] = description.in_channels;
  if (description.kind == AdapterKind::kMlp) json["hidden_dim"] = description.hidden_dim;
  if (description.pipeline) json["pipeline"] = pipeline_json(*description.pipeline);
  json["labels"] = description.labels;
  json["temperature"] = description.temperature;
  json["operating_points"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < description.operating_points.size(); ++i) {
    const Thresholds& points = description.operating_points[i];
    json["operating_points"].push_back({{"label", description.labels[i]},
                                        {"youden", point_json(points.youden)},
                                        {"sensitivity_90", point_json(points.sensitive)}});
  }
  json["embeddings"] = nullptr;
  if (const auto& from = description.embeddings) {
    json["embeddings"] = {{"weights_sha256", from->weights_sha256},
                          {"profile", from->profile},
                          {"dtype", from->dtype},
                          {"version", from->version}};
  }
  json["training"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : description.training) json["training"][name] = value;
  json["evaluated_on"] = description.evaluated_on;
  json["metrics"] = nlohmann::ordered_json::object();
  for (const auto& [name, value] : description.metrics) json["metrics"][name] = value;
  json["data_sha256"] = record.data_sha256;
  return json.dump(1) + '\n';
}

AdapterDescription parse_toolkit_config(std::string_view json, std::string_view file) {
  const Json parsed = parse_json(json, file);
  const JsonReader reader(parsed, file, "");
  AdapterDescription description;
  description.kind = AdapterKind::kMlp;
  description.in_channels = reader.integer("in_channels", 1, kMaxSize);
  description.hidden_dim = reader.integer("hidden_dim", 1, kMaxSize);
  description.labels = reader.texts("labels");
  return description;
}

}  // namespace mi2::adapter
