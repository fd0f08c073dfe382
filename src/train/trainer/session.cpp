#include "train/trainer/session.hpp"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/memory.hpp"
#include "base/process.hpp"
#include "base/thread_pool.hpp"
#include "dataset/sampling.hpp"
#include "models/torch/devices.hpp"
#include "train/config/model_sections.hpp"
#include "train/trainer/low_rank.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

/// Cores this process may use: its share of the machine's, or less where the launcher has bound it to some.
unsigned threads_of_process() {
  const unsigned sharing = base::count_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1);
  return std::min(base::available_cores(), std::max(1U, std::thread::hardware_concurrency() / sharing));
}

std::function<void(const dataset::BrokenRecord&)> note_broken(Notes& notes) {
  return [&notes](const dataset::BrokenRecord& record) {
    notes.add(fmt::format("{}: left out: {}", record.name, record.reason));
  };
}

std::uint64_t bytes_of(const std::vector<NamedTensor>& tensors) {
  std::uint64_t bytes = 0;
  for (const NamedTensor& tensor : tensors) bytes += tensor.value.nbytes();
  return bytes;
}

template <typename Write>
void only_finite(std::int64_t step, Write&& write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.code() != Code::kBadArgument) throw;
    throw Error(Code::kBadArgument,
                fmt::format("training: after step {}: {}; a lower START_LEARNING_RATE, a longer warm-up or "
                            "GRADIENT_CLIPPING may help; go on from an earlier checkpoint by --resume",
                            step, error.what()));
  }
}

/// "sha256 0123456789abcdef"
std::string short_hash(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return "sha256 " + base::sha256_hex(std::as_bytes(std::span(text))).substr(0, kDigits);
}

std::string hash_of(const ModelParts& parts) {
  std::string text = parts.config;
  if (parts.tokenizer) text += '\0' + parts.tokenizer->vocab + '\0' + parts.tokenizer->merges;
  return "config.yaml and tokenizer, " + short_hash(text);
}

void note_unusable_labels(const dataset::Dataset& dataset, Notes& notes) {
  constexpr std::size_t kShown = 10;
  const std::vector<dataset::BrokenRecord>& broken = dataset.broken();
  for (std::size_t i = 0; i < std::min(broken.size(), kShown); ++i) note_broken(notes)(broken[i]);
  if (broken.size() > kShown) notes.add(fmt::format("{} records left out in all", broken.size()));
}

}  // namespace

void Notes::add(std::string text) {
  const std::lock_guard lock(mutex_);
  texts_.push_back(std::move(text));
}

std::vector<std::string> Notes::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(texts_, {});
}

Session::Session(TrainConfig settings, Notes& notes)
    : config(std::move(settings)), processes(join_processes()), checkpoints(config.output / "checkpoints") {
  check_start();
  for (const std::string& key : config.without_effect) notes.add(fmt::format("{} has no effect in mi2", key));
  record.settings = settings_to_record(config);
  if (processes->rank() == 0) check_hook(config.hook);
  open_device(notes);
  if (device.is_cpu()) base::keep_freed_memory();  // each step takes the same blocks: a tenth of its time
  open_model();
  open_data(notes);
  open_optimizer(notes);
  open_evaluation(notes);
  record.total_steps = total;
  if (config.resume) resume(notes);
  open_disk(notes);
  processes->use(device);
  // Weights drawn or loaded alike are alike already; this makes sure, also across unlike machines.
  for (const NamedTensor& tensor : tensors()) processes->broadcast(tensor.value);
  if (config.batch.automatic) choose_batch(notes);
}

void Session::check_start() const {
  const std::vector<std::int64_t> steps = checkpoints.steps();
  if (!config.resume && !steps.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: holds a run already (step {}); go on with it by --resume, or choose another SAVE_DIR",
                            config.output.string(), steps.back()));
  }
  if (!config.resume && !config.allowed_changes.empty()) {
    throw Error(Code::kBadArgument, "--allow-change is about a run that goes on: expected --resume with it");
  }
  const std::filesystem::path& path = config.model.path;
  if (std::filesystem::is_directory(path)) {
    if (!config.model.from_scratch) return;
    throw Error(Code::kBadArgument,
                fmt::format("--from-scratch beside MODEL {}, whose weights would not be used; expected no "
                            "--from-scratch, or the model's config.yaml as MODEL",
                            path.string()));
  }
  if (!path.empty() && !std::filesystem::exists(path)) {
    throw Error(Code::kNotFound, fmt::format("{}: MODEL is not there", path.string()));
  }
  if (config.model.from_scratch || !steps.empty()) return;
  throw Error(Code::kBadArgument,
              fmt::format("{}; expected the folder of a model to start from, or --from-scratch to start from random "
                          "weights",
                          path.empty() ? "no MODEL" : fmt::format("MODEL {} has no weights", path.string())));
}

void Session::open_device(Notes& notes) {
  at::set_num_threads(static_cast<int>(threads_of_process()));
  dtype = config.optimizer.bf16 ? at::kBFloat16 : at::kFloat;
  if (config.device.kind == Device::Kind::kCpu) return;
  const bool chooses = config.device.kind == Device::Kind::kAuto;
  Device wanted = chooses ? Device{Device::Kind::kCuda} : config.device;
  if (const char* const local = std::getenv("OMPI_COMM_WORLD_LOCAL_RANK"); local != nullptr) {
    if (wanted.index >= 0 && processes->size() > 1) {
      throw Error(Code::kBadArgument, fmt::format("DEVICE: {} is one process's; expected cuda, of which each process "
                                                  "takes its own",
                                                  to_string(wanted)));
    }
    if (wanted.index < 0) wanted = parse_device(fmt::format("cuda:{}", local));
  }
  try {
    device = models::torch_device(wanted);
  } catch (const Error& error) {
    if (!chooses) throw;
    notes.add(fmt::format("device auto: cpu, since: {}", error.what()));
  }
}

void Session::open_model() {
  const std::filesystem::path& path = config.model.path;
  const bool directory = std::filesystem::is_directory(path);
  weights::StoredWeights stored;
  policies.emplace(config.parameters, config.optimizer.weight_decay);
  if (directory) {
    const weights::ModelSource source(path);
    parts = {source.config_text(), source.tokenizer()};
    model_config = source.config();
    stored = source.weights();
    if (config.lora.rank > 0) open_lora(source);
  } else if (!path.empty()) {
    parts.config = base::read_text_file(path, weights::kMaxConfigBytes);
    model_config = weights::parse_config(parts.config, path.string());
  } else if (config.model.architecture) {
    parts.config = config.model.yaml;
    model_config = *config.model.architecture;
  } else {
    throw Error(Code::kBadArgument,
                "expected a model: MODEL.PATH (a model directory to go on from, or a config.yaml), or the model's own "
                "sections");
  }
  if (config.lora.rank > 0 && !lora) {
    throw Error(
        Code::kBadArgument,
        "LORA.RANK: additions are to a model's weights, and MODEL has none; expected a model's folder as MODEL");
  }
  if (!path.empty()) check_model_sections(config.model, parts.config, path.string());
  if (config.model.drop_path_rate) model_config.image.drop_path_rate = *config.model.drop_path_rate;
  ops::TorchOps::Options options;
  options.device = device;
  options.recompute = config.model.activation_checkpointing;
  options.image_dropout = config.model.drop_rate.value_or(model_config.image.drop_rate);
  if (lora) options.low_rank = additions(*lora, *policies, config.seed);
  model = directory ? models::load_torch_model(stored, model_config, options)
                    : models::initial_torch_model(model_config, config.seed, options);
  model->set_training(true);
  record.settings["DROP_RATE"] = fmt::to_string(options.image_dropout);
  record.settings["DROP_PATH_RATE"] = fmt::to_string(model_config.image.drop_path_rate);
  record.settings["MODEL"] = hash_of(parts);
  if (parts.tokenizer) {
    tokenizer.emplace(parts.tokenizer->vocab, parts.tokenizer->merges, parts.tokenizer->name);
  } else {
    tokenizer.emplace();
  }
  tokens.emplace(*tokenizer, model_config.text.context);
}

void Session::open_lora(const weights::ModelSource& source) {
  lora.emplace(weights::LoraInfo{source.weights_sha256(), config.lora.rank,
                                 config.lora.alpha.value_or(static_cast<double>(config.lora.rank)),
                                 config.parameters.lora.value().targets});
  record.settings["LORA.BASE"] = lora->base_sha256;
}

void Session::open_data(Notes& notes) {
  classes = std::make_shared<dataset::ClassTable>();
  const ImageOptions read_options;
  const auto dataset =
      std::make_shared<const dataset::Dataset>(config.data.train, classes, read_options.max_file_bytes);
  note_unusable_labels(*dataset, notes);
  record.settings["DATASET.TRAIN"] = identity_of(*dataset, notes);
  images = std::make_shared<const dataset::Images>(dataset, read_options,
                                                   std::size_t{config.data.cache_megabytes} << 20U, note_broken(notes));
  const int world = processes->size();
  accumulation = accumulation_steps(config.batch, world);
  // A batch that is compared as a whole is also drawn, and mixed, as a whole.
  if (config.batch.gradient_caching) pieces = std::exchange(accumulation, 1);
  loader.batch = static_cast<std::size_t>(device_batch(config.batch, world) * pieces);
  loader.rank = processes->rank();
  loader.world = world;
  loader.seed = config.data.seed;
  loader.format = {model_config.image.width, model_config.image.height, model_config.image.mean,
                   model_config.image.std};
  loader.augment = config.augment;
  loader.threads = config.data.loader_threads > 0 ? config.data.loader_threads : threads_of_process();
  loader.prefetch = config.data.prefetch_batches;
  loader.shares = dataset::sampling_shares(*dataset, config.data.train, config.data.balance);
  batches = static_cast<std::int64_t>(dataset::BatchPlan(dataset->size(), loader).batches());
  steps_per_epoch = std::max<std::int64_t>(1, batches / accumulation);
  total = total_steps(config, steps_per_epoch);
  record.settings["TRAIN.BATCH_SIZE_TOTAL"] = fmt::to_string(images_per_step());
  record.settings["TRAIN.BATCH_SIZE_PER_GPU"] =
      fmt::format("{} images compared with each other", loader.batch * static_cast<std::size_t>(world));
  record.settings["START_LEARNING_RATE"] = fmt::to_string(peak_learning_rate(config, world));
}

std::string Session::identity_of(const dataset::Dataset& dataset, Notes& notes) {
  const dataset::Dataset::Identity identity = dataset.identity();
  if (identity.missing > 0) {
    notes.add(fmt::format("{} of {} images are not there", identity.missing, identity.records));
    missing_images += identity.missing;
  }
  return identity.text();
}

std::uint64_t Session::export_bytes() const {
  std::uint64_t bytes = lora ? bytes_of(best_weights()) : 0;
  if (!exports_models()) return bytes;
  for (const ops::TorchParameter& parameter : model->parameters()) bytes += parameter.value.nbytes();
  return bytes;
}

void Session::open_disk(Notes& notes) {
  if (processes->rank() != 0) return;
  disk =
      disk_need(config, state.step, total, steps_per_epoch, bytes_of(tensors()), export_bytes(), evaluator.has_value());
  notes.add(check_disk(disk, config.output));
}

void Session::open_optimizer(Notes& notes) {
  std::vector<std::string> names;
  for (const ops::TorchParameter& parameter : model->parameters()) names.push_back(parameter.name);
  policies->set_layers(names);
  std::vector<TrainedWeight> trained;
  std::vector<at::Tensor> values;
  std::vector<NamedTensor> all;
  for (ops::TorchParameter& parameter : model->parameters()) {
    const ParameterPolicy policy =
        policies->of(parameter.name, {parameter.value.sizes().data(), parameter.value.sizes().size()});
    // What a LoRA run does not train stays as MODEL has it.
    if (!lora || policy.trainable) all.push_back({parameter.name, parameter.value});
    parameter.value.requires_grad_(policy.trainable);
    if (!policy.trainable) continue;
    trained.push_back({parameter.name, parameter.value, policy.weight_decay, policy.lr_scale});
    values.push_back(parameter.value);
  }
  for (const std::string& pattern : policies->unmatched()) {
    notes.add(fmt::format("the pattern '{}' decides nothing for any weight of this model", pattern));
  }
  if (lora) notes.add(share_trained(model->parameters(), trained));
  if (values.empty()) throw Error(Code::kBadArgument, "FREEZE_PATTERNS leave no weight to train");
  gradients.emplace(values, *processes);
  const OptimizerOptions& options = config.optimizer;
  if (options.kind == OptimizerOptions::Kind::kSgd) {
    optimizer = std::make_unique<Sgd>(std::move(trained), SgdOptions{options.momentum, options.nesterov});
  } else {
    optimizer = std::make_unique<AdamW>(std::move(trained), AdamWOptions{options.beta1, options.beta2, options.eps});
  }
  if (config.optimizer.ema_decay > 0) averages.emplace(std::move(all), config.optimizer.ema_decay);
  schedule.emplace(config.schedule, peak_learning_rate(config, processes->size()), total, steps_per_epoch);
}

void Session::open_evaluation(Notes& notes) {
  if (!config.data.prompts.empty()) {
    classes->add_prompts(config.data.prompts);
    record.settings["DATASET.PROMPTS"] = short_hash(base::read_text_file(config.data.prompts, base::kMaxCsvBytes));
  } else {
    record.settings["DATASET.PROMPTS"] = "none";
  }
  record.settings["DATASET.VALIDATION"] = "none";
  if (config.data.validation.empty()) return;
  const ImageOptions read_options;
  const std::size_t cache = std::size_t{config.data.cache_megabytes} << 20U;
  const auto open = [&](const std::vector<dataset::DataSource>& sources, const char* key) {
    const auto dataset = std::make_shared<const dataset::Dataset>(sources, classes, read_options.max_file_bytes);
    note_unusable_labels(*dataset, notes);
    record.settings[key] = identity_of(*dataset, notes);
    evaluated_images += dataset->size();
    return std::make_shared<const dataset::Images>(dataset, read_options, cache, note_broken(notes));
  };
  EvaluationData data;
  data.validation = open(config.data.validation, "DATASET.VALIDATION");
  if (config.evaluation.knn > 0 && !config.evaluation.knn_bank.empty()) {
    data.bank = open(config.evaluation.knn_bank, "EVAL.KNN_BANK");
  } else if (config.evaluation.knn > 0) {
    data.bank = images;
    record.settings["EVAL.KNN_BANK"] = "the training data";
    evaluated_images += images->dataset().size();
  }
  data.loader = loader;
  data.loader.shares = nullptr;  // an evaluation takes each image once
  data.loader.batch = static_cast<std::size_t>(config.batch.evaluation);
  for (std::string& doubt : doubts_about(data, images->dataset(), config.evaluation)) notes.add(std::move(doubt));
  evaluator.emplace(std::move(data), config.evaluation, dtype, device);
}

std::vector<NamedTensor> Session::tensors() const {
  std::vector<NamedTensor> found;
  for (const ops::TorchParameter& parameter : model->parameters()) {
    if (lora && !parameter.value.requires_grad()) continue;
    found.push_back({"model." + parameter.name, parameter.value.detach()});
  }
  if (averages) {
    for (const NamedTensor& average : averages->averages()) found.push_back({"ema." + average.name, average.value});
  }
  const std::vector<NamedTensor> moments = optimizer->state();
  found.insert(found.end(), moments.begin(), moments.end());
  return found;
}

std::vector<NamedTensor> Session::best_weights() const {
  if (averages) return averages->averages();
  std::vector<NamedTensor> found;
  for (const ops::TorchParameter& parameter : model->parameters()) {
    if (!lora || parameter.value.requires_grad()) found.push_back({parameter.name, parameter.value});
  }
  return found;
}

void Session::export_model(const std::filesystem::path& folder,
                           const std::map<std::string, std::string>& metadata) const {
  const std::vector<NamedTensor> best = best_weights();
  only_finite(state.step, [&] {
    if (!lora) return write_model(folder, parts, best, metadata);
    if (config.lora.merged) {
      write_model(folder, parts, merged_weights(model->parameters(), best, lora->scale()), metadata);
    }
    write_lora(folder / kLoraFile, *lora, best, metadata);
  });
}

void Session::save_checkpoint() const {
  only_finite(state.step, [&] { checkpoints.save(state, tensors(), record); });
}

std::int64_t Session::images_per_step() const {
  return static_cast<std::int64_t>(loader.batch) * loader.world * accumulation;
}

dataset::Position Session::position_after(std::int64_t steps) const {
  const std::int64_t passes = steps * accumulation;
  return {static_cast<std::uint64_t>(passes / batches), static_cast<std::uint64_t>(passes % batches)};
}

}  // namespace mi2::train
