#include "model_card_facts.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "models/inspect_report.hpp"
#include "train/config/config.hpp"
#include "train/config/run_record.hpp"
#include "train/report/history_files.hpp"
#include "train/report/run_log.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kMaxRunReportBytes = 16'000'000;

/// Folders of somebody's machine are no part of a card.
std::string name_in(const fs::path& path) {
  const fs::path plain = path.lexically_normal();
  return plain.has_filename() ? plain.filename().string() : plain.parent_path().filename().string();
}

std::string sources_text(const std::vector<dataset::DataSource>& sources) {
  std::vector<std::string> names;
  for (const dataset::DataSource& source : sources) {
    names.push_back(name_in(source.path) + (source.split.empty() ? "" : fmt::format(", split {}", source.split)) +
                    (source.weight ? fmt::format(", weight {}", *source.weight) : ""));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, "; "));
}

/// A count of report.json, which older runs do not have.
std::string count_of(const Json& data, const char* key) {
  const auto found = data.find(key);
  if (found == data.end() || found->is_null()) return "not recorded";
  return found->is_string() ? found->get<std::string>() : fmt::format("{}", found->get<std::uint64_t>());
}

std::string metrics_text(const Json& evaluation) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : evaluation.at("metrics").items()) {
    parts.push_back(fmt::format("{} {}", name, value.is_null() ? "-" : fmt::format("{:.4f}", value.get<double>())));
  }
  return fmt::format("step {}: {} (on validation images, without intervals)", evaluation.at("step").get<std::int64_t>(),
                     fmt::join(parts, ", "));
}

void add_data(report::ModelCard& card, const train::TrainConfig& config, const Json& run) {
  const Json data = run.value("data", Json::object());
  card.data = {{"Sources", sources_text(config.data.train)},
               {"Images", count_of(data, "images")},
               {"Classes", count_of(data, "classes")},
               {"Patients", count_of(data, "patients")},
               {"Files that were not there", count_of(data, "missing_images")},
               {"Identity of all records", count_of(data, "identity")},
               {"Validation", sources_text(config.data.validation)},
               {"Whether patients are in training and validation", "not recorded"}};
}

void add_training(report::ModelCard& card, const train::TrainConfig& config, const Json& run) {
  const std::string end = run.at("end").get<std::string>();
  const auto steps = run.at("steps").get<std::int64_t>();
  const auto per_epoch = std::max<std::int64_t>(run.at("steps_per_epoch").get<std::int64_t>(), 1);
  card.training = {{"Run", run.at("name").get<std::string>()},
                   {"Started from", config.model.path.empty() ? "not recorded" : name_in(config.model.path)},
                   {"Objective", "UniCL: images against texts of a batch; equal texts are one class"},
                   {"Steps", fmt::format("{} of {}, {:.3g} epochs", steps, run.at("planned_steps").get<std::int64_t>(),
                                         static_cast<double>(steps) / static_cast<double>(per_epoch))},
                   {"End", end},
                   {"Processes", std::to_string(run.at("processes").get<std::int64_t>())}};
  if (run.contains("best")) card.training.emplace_back("Best", metrics_text(run.at("best")));
  if (run.contains("last")) card.training.emplace_back("Last", metrics_text(run.at("last")));
  for (const auto& [key, value] : train::settings_to_record(config)) card.training.emplace_back(key, value);
  if (end != "complete") card.limits.push_back(fmt::format("The run that made it did not come to its end: {}.", end));
}

}  // namespace

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "train.yaml", ignored);
}

void add_model(report::ModelCard& card, const fs::path& path) {
  const models::InspectReport found = models::inspect(path);
  if (!found.problems.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: would not load: {}", path.string(), found.problems.front()));
  }
  if (!found.config || (!found.weights && !found.packed) || (!found.files && !found.packed)) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected a model's folder, a packed file or the folder of a run", path.string()));
  }
  card.model.emplace_back("kind", "image-text embedding model: DaViT image tower, transformer text tower, one space");
  for (auto& fact : models::towers_of(*found.config)) card.model.push_back(std::move(fact));
  if (const auto& weights = found.weights) {
    card.weights_sha256 = weights->sha256;
    std::vector<std::string> dtypes;
    for (const auto& [dtype, count] : weights->dtypes) dtypes.push_back(fmt::format("{} ({} tensors)", dtype, count));
    card.model.emplace_back("parameters", fmt::format("{}: image {}, text {}", weights->all_parameters,
                                                      weights->image_parameters, weights->text_parameters));
    card.model.emplace_back("element types", fmt::format("{}", fmt::join(dtypes, ", ")));
    card.model.emplace_back("size of the weights", fmt::format("{} bytes", weights->bytes));
    for (const auto& [key, value] : weights->metadata) card.model.emplace_back("metadata: " + key, value);
  }
  if (const auto& packed = found.packed) {
    card.weights_sha256 = packed->weights_sha256;
    card.model.emplace_back("packed", fmt::format("{}, {} bytes", packed->dtype, packed->bytes));
  }
  card.model.emplace_back("SHA-256 of the weights", card.weights_sha256);
  if (found.publication) {
    card.published = found.publication->same_architecture;
    card.differs = found.publication->difference;
  }
  const weights::ModelConfig::Image& image = found.config->image;
  card.limits.push_back(
      fmt::format("Images are resized to {} x {} pixels, whatever their aspect: what is smaller is lost.", image.height,
                  image.width));
  card.limits.push_back(fmt::format("Texts are cut after {} tokens.", found.config->text.context));
}

void add_run(report::ModelCard& card, const fs::path& folder) {
  const train::TrainConfig config = train::load_train_config(folder / "train.yaml");
  const fs::path path = folder / "report.json";
  const Json run = base::parse_json(base::read_text_file(path, kMaxRunReportBytes),
                                    {.name = path.native(), .fault = Code::kBadFile});
  try {
    add_data(card, config, run);
    add_training(card, config, run);
    const Json& energy = run.at("energy");
    // A run of version 0.1 kept it in another form, without its factors.
    if (energy.contains("factors")) card.energy.push_back({"training", energy.dump()});
  } catch (const Json::exception&) {
    throw Error(Code::kBadFile, fmt::format("{}: is no report.json of mi2 train", path.string()));
  }
  card.curves = train::curves_svg(train::read_history(folder / "log.jsonl"), "Training", card.training.front().second);
}

void add_no_run(report::ModelCard& card) {
  constexpr const char* kUnknown = "not recorded: no folder of a run was given";
  card.data = {{"Sources", kUnknown}, {"Images", kUnknown}, {"Patients", kUnknown}};
  card.training = {{"Procedure", kUnknown}};
}

}  // namespace mi2::cli
