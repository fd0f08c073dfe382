#include "adapter/adapter_json.hpp"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapter/operating_point_json.hpp"
#include "base/json.hpp"

namespace mi2::adapter {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kFormat = "mi2-head";
constexpr int kVersion = 1;
constexpr std::int64_t kMaxSize = 1 << 16;

/// Typed access to one object; every refusal names the file and the key's whole path.
class Reader {
 public:
  Reader(const Json& json, std::string_view file, std::string path) : json_(json), file_(file), path_(std::move(path)) {
    if (!json.is_object()) refuse("", "expected an object");
  }

  /// No other keys than these are known.
  void allow(std::initializer_list<std::string_view> known) const {
    const std::set<std::string_view> names(known);
    for (const auto& [key, value] : json_.items()) {
      if (!names.contains(key)) refuse(key, "is not a key of this version");
    }
  }

  [[nodiscard]] bool has(std::string_view key) const { return json_.contains(key); }

  [[nodiscard]] const Json& get(std::string_view key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) refuse(key, "is missing");
    return *found;
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    if (!get(key).is_string()) refuse(key, "expected a string");
    return get(key).get<std::string>();
  }

  [[nodiscard]] double number(std::string_view key, double low, double high) const {
    const Json& value = get(key);
    if (!value.is_number()) refuse(key, "expected a number");
    const auto number = value.get<double>();
    if (!(number >= low && number <= high)) refuse(key, fmt::format("expected {1} to {2}, got {0}", number, low, high));
    return number;
  }

  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const {
    const double value = number(key, static_cast<double>(low), static_cast<double>(high));
    if (value != std::floor(value)) refuse(key, "expected a whole number");
    return static_cast<std::int64_t>(value);
  }

  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    const Json& list = get(key);
    if (!list.is_array()) refuse(key, "expected a list");
    std::vector<std::string> values;
    for (const Json& value : list) {
      if (!value.is_string()) refuse(key, "expected a list of strings");
      values.push_back(value.get<std::string>());
    }
    return values;
  }

  [[nodiscard]] std::map<std::string, double> numbers(std::string_view key) const {
    const Reader inner = object(key);
    std::map<std::string, double> values;
    for (const auto& [name, value] : inner.json_.items()) {
      constexpr double kMost = std::numeric_limits<double>::max();
      values[name] = inner.number(name, -kMost, kMost);
    }
    return values;
  }

  [[nodiscard]] Reader object(std::string_view key) const { return {get(key), file_, path_of(key)}; }
  [[nodiscard]] std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  [[nodiscard]] std::string_view file() const noexcept { return file_; }

  [[noreturn]] void refuse(std::string_view key, std::string_view what) const {
    const std::string path = key.empty() ? path_ : path_of(key);
    throw Error(Code::kBadFile, fmt::format("{}: {}{}{}", file_, path, path.empty() ? "" : ": ", what));
  }

 private:
  const Json& json_;
  std::string_view file_;
  std::string path_;
};

Json parse(std::string_view json, std::string_view file) {
  return base::parse_json(json, {.name = file, .fault = Code::kBadFile});
}

std::optional<evaluation::OperatingPoint> read_point(const Reader& reader, std::string_view key) {
  if (reader.get(key).is_null()) return std::nullopt;
  const Reader point = reader.object(key);
  point.allow({"threshold", "sensitivity", "specificity"});
  return evaluation::OperatingPoint{point.number("threshold", 0, 1), point.number("sensitivity", 0, 1),
                                    point.number("specificity", 0, 1)};
}

std::vector<Thresholds> read_points(const Reader& reader, const std::vector<std::string>& labels) {
  const Json& list = reader.get("operating_points");
  if (!list.is_array() || (!list.empty() && list.size() != labels.size())) {
    reader.refuse("operating_points", fmt::format("expected a list, empty or of {} labels", labels.size()));
  }
  std::vector<Thresholds> points;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Reader row(list[i], reader.file(), fmt::format("operating_points[{}]", i));
    row.allow({"label", "youden", "sensitivity_90"});
    if (row.text("label") != labels[i]) row.refuse("label", "is not the label of this place in labels");
    points.push_back({read_point(row, "youden"), read_point(row, "sensitivity_90")});
  }
  return points;
}

Provenance read_provenance(const Reader& reader) {
  reader.allow({"weights_sha256", "profile", "dtype", "version"});
  return {reader.text("version"), reader.text("weights_sha256"), reader.text("profile"), reader.text("dtype")};
}

void check_version(const Reader& reader) {
  if (!reader.has("format") || !reader.get("format").is_string() || reader.text("format") != kFormat) {
    reader.refuse("format", "is not mi2-head: this is no adapter of mi2");
  }
  const std::int64_t version = reader.integer("version", 1, 1'000'000);
  if (version == kVersion) return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: version {}; this mi2 reads adapters of version {}", reader.file(), version, kVersion));
}

}  // namespace

HeadRecord parse_head(std::string_view json, std::string_view file) {
  const Json parsed = parse(json, file);
  const Reader reader(parsed, file, "");
  check_version(reader);
  reader.allow({"format", "version", "kind", "in_channels", "hidden_dim", "labels", "temperature", "operating_points",
                "embeddings", "training", "evaluated_on", "metrics", "data_sha256"});
  HeadRecord record;
  AdapterDescription& description = record.description;
  try {
    description.kind = parse_kind(reader.text("kind"));
  } catch (const Error& error) {
    if (error.code() == Code::kBadFile) throw;
    reader.refuse("kind", "expected linear or mlp");
  }
  description.in_channels = reader.integer("in_channels", 1, kMaxSize);
  if (description.kind == AdapterKind::kMlp) description.hidden_dim = reader.integer("hidden_dim", 1, kMaxSize);
  if (description.kind == AdapterKind::kLinear && reader.has("hidden_dim")) {
    reader.refuse("hidden_dim", "a linear adapter has none");
  }
  description.labels = reader.texts("labels");
  description.temperature = reader.number("temperature", 1e-6, 1e6);
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
  json["in_channels"] = description.in_channels;
  if (description.kind == AdapterKind::kMlp) json["hidden_dim"] = description.hidden_dim;
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
  const Json parsed = parse(json, file);
  const Reader reader(parsed, file, "");
  AdapterDescription description;
  description.kind = AdapterKind::kMlp;
  description.in_channels = reader.integer("in_channels", 1, kMaxSize);
  description.hidden_dim = reader.integer("hidden_dim", 1, kMaxSize);
  description.labels = reader.texts("labels");
  return description;
}

}  // namespace mi2::adapter
