#include "server/metrics.hpp"

#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mi2/version.hpp>

#include "base/process.hpp"
#include "protocols/archive_routes.hpp"

namespace mi2::server {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

const Buckets& second_buckets() {
  static const Buckets buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return buckets;
}

const Buckets& batch_buckets() {
  static const Buckets buckets{1, 2, 4, 8, 16, 32, 64, 128, 256};
  return buckets;
}

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& histogram(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

struct Families {
  prometheus::Registry registry;
  Family<Counter>& requests = counter(registry, "mi2_requests_total", "Requests answered, by route and HTTP status");
  Family<Counter>& failures = counter(registry, "mi2_failures_total", "Requests and connections that failed, by kind");
  Family<Histogram>& request = histogram(registry, "mi2_request_seconds", "From a request's header to its answer");
  Family<Gauge>& connections = gauge(registry, "mi2_connections", "Open connections");
  Family<Gauge>& buffered = gauge(registry, "mi2_buffered_bytes", "Request bodies in memory");
  Family<Gauge>& decoding = gauge(registry, "mi2_decoding_pixels", "Pixels of images that are being decoded");
  Family<Gauge>& resident = gauge(registry, "mi2_resident_bytes", "Memory of the process");
  Family<Gauge>& build = gauge(registry, "mi2_build_info", "1, with the version as a label");
  Family<Gauge>& queue_size = gauge(registry, "mi2_queue_size", "Rows that wait for a forward pass");
  Family<Histogram>& batch_size = histogram(registry, "mi2_batch_size", "Rows of a forward pass");
  Family<Histogram>& queue = histogram(registry, "mi2_queue_seconds", "A ready row's wait for its forward pass");
  Family<Histogram>& decode = histogram(registry, "mi2_decode_seconds", "From encoded bytes to an image");
  Family<Histogram>& preprocess = histogram(registry, "mi2_preprocess_seconds", "From an image to the model's pixels");
  Family<Histogram>& inference = histogram(registry, "mi2_inference_seconds", "A forward pass");
  Family<Gauge>& ready = gauge(registry, "mi2_model_ready", "1 once a forward pass of the model has succeeded");
  Family<Counter>& archive_requests =
      counter(registry, "mi2_archive_requests_total", "Searches of an archive and deletions, by outcome");
  Family<Histogram>& archive_search =
      histogram(registry, "mi2_archive_search_seconds", "A search, from the query's vectors to its answer");
  Family<Gauge>& archive_rows = gauge(registry, "mi2_archive_rows", "Rows of an archive, when it was last asked");
  Family<Gauge>& archive_snapshot = gauge(registry, "mi2_archive_snapshot", "Number of its last change then");
  Family<Gauge>& archive_follow =
      gauge(registry, "mi2_archive_follow_seconds", "Since a replica was seen to be as new as its database");
  Family<Gauge>& drift_energy =
      gauge(registry, "mi2_archive_drift_energy", "Energy distance of a station's images from the reference");
  Family<Gauge>& drift_p =
      gauge(registry, "mi2_archive_drift_p", "How likely that distance is by chance, over all stations");
  Family<Gauge>& drift_failed =
      gauge(registry, "mi2_archive_drift_failed", "1 if stations could not be compared the last time");
  Family<Counter>& loads = counter(registry, "mi2_model_loads_total", "Loads and reloads of a model, by outcome");
};

/// What is measured of images and of texts alike.
struct LaneMetrics {
  LaneMetrics(Families& families, const prometheus::Labels& labels)
      : queue_size(families.queue_size.Add(labels)),
        batch_size(families.batch_size.Add(labels, batch_buckets())),
        queue(families.queue.Add(labels, second_buckets())),
        inference(families.inference.Add(labels, second_buckets())) {}

  Gauge& queue_size;
  Histogram& batch_size;
  Histogram& queue;
  Histogram& inference;
};

class OneModel final : public ModelMetrics {
 public:
  OneModel(Families& families, const std::string& name)
      : image_(families, {{"model", name}, {"kind", "image"}}),
        text_(families, {{"model", name}, {"kind", "text"}}),
        decode_(families.decode.Add({{"model", name}}, second_buckets())),
        preprocess_(families.preprocess.Add({{"model", name}}, second_buckets())),
        ready_(families.ready.Add({{"model", name}})),
        good_loads_(families.loads.Add({{"model", name}, {"outcome", "ok"}})),
        bad_loads_(families.loads.Add({{"model", name}, {"outcome", "failed"}})) {}

  void queue_size(std::size_t images, std::size_t texts) override {
    image_.queue_size.Set(static_cast<double>(images));
    text_.queue_size.Set(static_cast<double>(texts));
  }
  void prepared(const PrepareTimes& times) override {
    decode_.Observe(times.decode);
    preprocess_.Observe(times.preprocess);
  }
  void waited(Lane lane, double seconds) override { of(lane).queue.Observe(seconds); }
  void passed(Lane lane, std::size_t rows, double seconds) override {
    of(lane).batch_size.Observe(static_cast<double>(rows));
    of(lane).inference.Observe(seconds);
  }
  void ready(bool is_ready) override { ready_.Set(is_ready ? 1 : 0); }
  void loaded(bool succeeded) override { (succeeded ? good_loads_ : bad_loads_).Increment(); }

 private:
  LaneMetrics& of(Lane lane) { return lane == Lane::kImage ? image_ : text_; }

  LaneMetrics image_;
  LaneMetrics text_;
  Histogram& decode_;
  Histogram& preprocess_;
  Gauge& ready_;
  Counter& good_loads_;
  Counter& bad_loads_;
};

}  // namespace

struct Metrics::Impl {
  Families families;
  Gauge& connections = families.connections.Add({});
  Gauge& buffered = families.buffered.Add({});
  Gauge& decoding = families.decoding.Add({});
  Gauge& resident = families.resident.Add({});
  std::mutex mutex;
  std::map<std::string, OneModel> models;
  std::mutex drift_mutex;
  std::map<std::string, std::set<std::pair<Gauge*, Gauge*>>> drifting;  ///< of each archive's stations
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  impl_->families.build.Add({{"version", std::string(version())}}).Set(1);
}

Metrics::~Metrics() = default;

ModelMetrics& Metrics::model(const std::string& name) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->models.try_emplace(name, impl_->families, name).first->second;
}

void Metrics::answered(std::string_view route, int status, double seconds) {
  const std::string name(route);
  impl_->families.requests.Add({{"route", name}, {"status", std::to_string(status)}}).Increment();
  impl_->families.request.Add({{"route", name}}, second_buckets()).Observe(seconds);
}

void Metrics::failed(std::string_view kind) { impl_->families.failures.Add({{"kind", std::string(kind)}}).Increment(); }
void Metrics::asked(const std::string& archive, const std::string& action, std::string_view outcome, double seconds) {
  Families& families = impl_->families;
  families.archive_requests.Add({{"archive", archive}, {"action", action}, {"outcome", std::string(outcome)}})
      .Increment();
  if (action == "search") families.archive_search.Add({{"archive", archive}}, second_buckets()).Observe(seconds);
}

void Metrics::archive(const std::string& name, std::uint64_t rows, std::int64_t snapshot) {
  impl_->families.archive_rows.Add({{"archive", name}}).Set(static_cast<double>(rows));
  impl_->families.archive_snapshot.Add({{"archive", name}}).Set(static_cast<double>(snapshot));
}

void Metrics::follows(const std::string& name, double seconds) {
  impl_->families.archive_follow.Add({{"archive", name}}).Set(seconds);
}

void Metrics::drift(const protocols::ArchiveDrift& now) {
  Families& families = impl_->families;
  const std::lock_guard lock(impl_->drift_mutex);
  families.drift_failed.Add({{"archive", now.archive}}).Set(now.failed ? 1 : 0);
  std::set<std::pair<Gauge*, Gauge*>> said;
  for (const protocols::ArchiveDrift::Station& station : now.stations) {
    const prometheus::Labels labels{{"archive", now.archive}, {"station", station.name}};
    Gauge& energy = families.drift_energy.Add(labels);
    Gauge& p = families.drift_p.Add(labels);
    energy.Set(station.energy);
    p.Set(station.p);
    said.emplace(&energy, &p);
  }
  std::set<std::pair<Gauge*, Gauge*>>& before = impl_->drifting[now.archive];
  for (const auto& gone : before) {
    if (said.contains(gone)) continue;
    families.drift_energy.Remove(gone.first);
    families.drift_p.Remove(gone.second);
  }
  before = std::move(said);
}

void Metrics::connections(std::size_t open) { impl_->connections.Set(static_cast<double>(open)); }
void Metrics::buffered(std::size_t bytes) { impl_->buffered.Set(static_cast<double>(bytes)); }
void Metrics::decoding(std::uint64_t pixels) { impl_->decoding.Set(static_cast<double>(pixels)); }

std::string Metrics::render(bool with_archives) const {
  impl_->resident.Set(static_cast<double>(base::resident_memory().now));
  std::vector<prometheus::MetricFamily> families = impl_->families.registry.Collect();
  if (!with_archives) {
    std::erase_if(families, [](const prometheus::MetricFamily& one) { return one.name.starts_with("mi2_archive_"); });
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace mi2::server
