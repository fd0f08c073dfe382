#include "server/models.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "embedder/engines.hpp"
#include "models/device.hpp"

namespace mi2::server {
namespace {

/// Models loaded at the same time: a load is part reading and part computing.
constexpr std::size_t kLoaders = 4;

/// A PNG of one grey pixel.
constexpr std::array<std::uint8_t, 67> kOnePixel{
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00,
    0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
    0x77, 0xCD, 0x72, 0xB6, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

void check_unit(std::span<const float> vector, std::string_view what) {
  const double norm = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
  if (!(std::abs(norm - 1) < 1e-2)) {
    throw Error(Code::kBadFile, fmt::format("the vector of a test {}: expected length 1, got {}", what, norm));
  }
}

/// An image and a text through everything that a request's go through.
void try_out(const Embedder& embedder) {
  const Pixels pixels = embedder.prepare(std::as_bytes(std::span(kOnePixel)), "test image");
  check_unit(embedder.embed_images(std::span(&pixels, 1)).row(0), "image");
  const std::string text = "test";
  check_unit(embedder.embed_texts(std::span(&text, 1)).vectors.row(0), "text");
}

/// Why a model could not be loaded again, for the log.
std::string reason_of(const std::exception_ptr& failed, const ModelSpec& spec) {
  std::vector<std::pair<std::string, std::string_view>> known{{spec.path.string(), "<model>"}};
  if (!spec.lora.empty()) known.emplace_back(spec.lora.string(), "<lora>");
  try {
    std::rethrow_exception(failed);
  } catch (const std::exception& error) {
    return without_paths(error.what(), known);
  } catch (...) {
    return "unknown";
  }
}

protocols::Service service_of(const Options& options, std::shared_ptr<const protocols::ArchiveRoutes> archives) {
  protocols::Service service;
  service.archives = std::move(archives);
  for (const ModelSpec& spec : options.models) {
    protocols::ServedModel model;
    model.name = spec.name;
    model.ready = false;
    service.models.emplace(spec.name, std::make_shared<const protocols::ServedModel>(std::move(model)));
  }
  service.default_model = options.models.front().name;
  if (options.legacy_shape) service.response_shape = protocols::ResponseShape::kLegacy;
  service.score_profile = options.score_profile;
  service.images = options.embedder.image;
  service.limits.rows = options.limits.rows;
  // The contracts know hosts; the fetcher, which alone connects, also looks at ports.
  for (const std::string& host : options.urls.hosts)
    service.allowed_url_hosts.push_back(host.substr(0, host.find(':')));
  service.viewer_url = options.viewer_url;
  service.max_body_bytes = options.limits.body_bytes;
  return service;
}

}  // namespace

/// What a load gave: either an error or all the rest.
struct Models::Loaded {
  std::exception_ptr error;
  std::shared_ptr<const protocols::ServedModel> served;
  std::shared_ptr<ModelWorker> worker;
  std::string warning;
  std::string devices;
  std::string why_cpu;
  double seconds = 0;
};

Models::Models(const Options& options, std::shared_ptr<const protocols::ArchiveRoutes> archives, asio::io_context& io,
               asio::thread_pool& workers, Metrics& metrics, Log& log)
    : options_(options),
      io_(io),
      workers_(workers),
      log_(log),
      turns_(options.devices.size()),
      decoding_(std::make_shared<DecodeBudget>(options.limits.decoded_pixels, options.workers,
                                               [&metrics](std::uint64_t pixels) { metrics.decoding(pixels); })),
      snapshot_(std::make_shared<const Snapshot>(Snapshot{service_of(options, std::move(archives)), {}})),
      loaders_(std::min(options.models.size(), kLoaders)) {
  for (const ModelSpec& spec : options.models) entries_.push_back({spec, &metrics.model(spec.name)});
}

Models::~Models() {
  snapshot_.reset();
  loaders_.join();
}

void Models::load(std::function<void(std::exception_ptr)> on_failure) {
  on_failure_ = std::move(on_failure);
  for (std::size_t i = 0; i < entries_.size(); ++i) start(i);
}

void Models::reload() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].loading) {
      entries_[i].again = true;
    } else {
      start(i);
    }
  }
}

bool Models::loading() const {
  return std::ranges::any_of(entries_, [](const Entry& one) { return one.loading; });
}

void Models::start(std::size_t index) {
  Entry& entry = entries_[index];
  entry.loading = true;
  // Work that is tracked: the server does not end while a load may still report to it.
  const auto executor = asio::prefer(io_.get_executor(), asio::execution::outstanding_work.tracked);
  asio::post(loaders_, [this, index, executor, spec = entry.spec, metrics = entry.metrics] {
    auto loaded = std::make_shared<Loaded>(open(index, spec, *metrics));
    asio::post(executor, [this, index, loaded] { finish(index, std::move(*loaded)); });
  });
}

Models::Loaded Models::open(std::size_t index, const ModelSpec& spec, ModelMetrics& metrics) {
  Loaded loaded;
  const Clock::time_point start = Clock::now();
  try {
    EmbedderOptions options = options_.embedder;
    options.lora = spec.lora;
    std::vector<Embedder> embedders = embedder::open_on(spec.path, options, options_.devices);
    std::vector<Device> devices;
    for (const Embedder& embedder : embedders) {
      try_out(embedder);
      devices.push_back(embedder.options().device);
    }
    loaded.warning = embedders.front().warning();
    loaded.devices = models::to_string(devices);
    loaded.why_cpu = embedders.front().why_cpu();
    protocols::ServedModel served = protocols::describe_model(spec.name, embedders.front(), spec.path);
    if (devices.front().kind == Device::Kind::kCuda) served.provenance.instructions = loaded.devices;
    loaded.worker = make_worker(std::move(embedders), index, metrics);
    served.shared.embedder = std::shared_ptr<const Embedder>(loaded.worker, &loaded.worker->embedder());
    served.shared.in_turn = [worker = loaded.worker](const std::function<void()>& pass) { worker->in_turn(pass); };
    loaded.served = std::make_shared<const protocols::ServedModel>(std::move(served));
  } catch (...) {
    loaded.error = std::current_exception();
  }
  loaded.seconds = seconds_between(start, Clock::now());
  return loaded;
}

std::shared_ptr<ModelWorker> Models::make_worker(std::vector<Embedder> embedders, std::size_t index,
                                                 ModelMetrics& metrics) {
  ModelWorkerParts parts;
  parts.batch = options_.batch;
  parts.decoders = options_.workers;
  parts.post = [this](std::function<void()> task) { asio::post(workers_, std::move(task)); };
  parts.damaged = [this, index] { asio::post(io_, [this, index] { damaged(index); }); };
  parts.lost = [this, index](const Device& device, const std::string& reason) {
    asio::post(io_, [this, index, device, reason] { lost(index, device, reason); });
  };
  for (FairMutex& turn : turns_) parts.turns.push_back(&turn);
  parts.decoding = decoding_;
  parts.metrics = &metrics;
  // The last request of a replaced model must not wait until its memory is freed.
  const auto free_elsewhere = [this](ModelWorker* worker) { asio::post(loaders_, [worker] { delete worker; }); };
  return {new ModelWorker(std::move(embedders), std::move(parts)), free_elsewhere};
}

void Models::finish(std::size_t index, Loaded loaded) {
  Entry& entry = entries_[index];
  const bool first = !entry.serves;
  entry.metrics->loaded(!loaded.error);
  if (!loaded.error) {
    entry.serves = true;
    entry.damaged = false;
    entry.metrics->ready(true);
    log_.info(first ? "model_ready" : "model_reloaded", {{"model", entry.spec.name},
                                                         {"dtype", loaded.served->provenance.dtype},
                                                         {"device", loaded.devices},
                                                         {"instructions", loaded.served->provenance.instructions},
                                                         {"seconds", fmt::format("{:.3f}", loaded.seconds)}});
    if (!loaded.why_cpu.empty()) {
      log_.info("device_auto",
                {{"model", entry.spec.name}, {"device", "cpu"}, {"reason", without_paths(loaded.why_cpu, {})}});
    }
    if (!loaded.warning.empty()) {
      log_.warning("model_fits_dtype_badly", {{"model", entry.spec.name}, {"reason", loaded.warning}});
    }
    publish(entry.spec.name, std::move(loaded));
  } else if (first) {
    on_failure_(loaded.error);
  } else {
    log_.error("model_reload_failed", {{"model", entry.spec.name},
                                       {"error", reason_of(loaded.error, entry.spec)},
                                       {"serving", entry.damaged ? "not" : "as before"}});
  }
  entry.loading = false;
  if (std::exchange(entry.again, false)) start(index);
}

void Models::damaged(std::size_t index) {
  Entry& entry = entries_[index];
  if (entry.damaged) return;
  entry.damaged = true;
  entry.metrics->ready(false);
  log_.error("model_damaged", {{"model", entry.spec.name}, {"error", "its file was cut or written while in use"}});
  auto next = std::make_shared<Snapshot>(*snapshot_);
  auto out_of_use = std::make_shared<protocols::ServedModel>(*next->service.models.at(entry.spec.name));
  out_of_use->ready = false;
  next->service.models[entry.spec.name] = std::move(out_of_use);
  snapshot_ = std::move(next);
  if (entry.loading) {
    entry.again = true;
  } else {
    start(index);
  }
}

void Models::lost(std::size_t index, const Device& device, const std::string& reason) {
  log_.error("device_lost", {{"model", entries_[index].spec.name},
                             {"device", to_string(device)},
                             {"error", without_paths(reason, {})},
                             {"serving", "on the others; SIGHUP loads the model on all again"}});
}

void Models::publish(const std::string& name, Loaded loaded) {
  auto next = std::make_shared<Snapshot>(*snapshot_);
  next->service.models[name] = std::move(loaded.served);
  next->workers[name] = std::move(loaded.worker);
  snapshot_ = std::move(next);
}

}  // namespace mi2::server
