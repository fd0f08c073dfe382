#include "server/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <mutex>
#include <utility>

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <nlohmann/json.hpp>

#include "base/patient_writer.hpp"
#include "base/utc.hpp"

namespace mi2::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxLines = 8192;  ///< that wait to be written

double milliseconds_of(double seconds) { return std::round(seconds * 1e6) / 1e3; }

Json line_of(const RequestRecord& record) {
  Json line{{"time", base::utc_now()}, {"level", "info"}, {"event", "request"}, {"request_id", record.id}};
  if (!record.client_id.empty()) line["client_request_id"] = record.client_id;
  if (!record.trace_id.empty()) line["trace_id"] = record.trace_id;
  line["route"] = record.route;
  line["status"] = record.status;
  line["outcome"] = record.outcome;
  if (!record.model.empty()) line["model"] = record.model;
  if (record.images + record.texts > 0) {
    line["images"] = record.images;
    line["texts"] = record.texts;
    line["queue_ms"] = milliseconds_of(record.times.queue);
    line["decode_ms"] = milliseconds_of(record.times.decode);
    line["preprocess_ms"] = milliseconds_of(record.times.preprocess);
    line["inference_ms"] = milliseconds_of(record.times.inference);
  }
  if (!record.warnings.empty()) line["warnings"] = record.warnings;
  line["bytes_in"] = record.bytes_in;
  line["bytes_out"] = record.bytes_out;
  line["total_ms"] = milliseconds_of(record.seconds);
  return line;
}

/// Standard error, as long as somebody reads it.
class PatientSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void end() { writer_.end(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_.write(std::string_view(line.data(), line.size()));
  }

  void flush_() override {}

  base::PatientWriter writer_{STDERR_FILENO};
};

}  // namespace

void RequestRecord::add_warnings(std::span<const protocols::ImageWarning> all) {
  for (const protocols::ImageWarning& warning : all) {
    std::string name = warning.text.substr(0, warning.text.find(':'));
    if (std::find(warnings.begin(), warnings.end(), name) == warnings.end()) warnings.push_back(std::move(name));
  }
}

struct Log::Impl {
  std::shared_ptr<PatientSink> sink = std::make_shared<PatientSink>();
  std::shared_ptr<spdlog::details::thread_pool> thread = std::make_shared<spdlog::details::thread_pool>(kMaxLines, 1);
  std::shared_ptr<spdlog::async_logger> logger =
      std::make_shared<spdlog::async_logger>("mi2", sink, thread, spdlog::async_overflow_policy::overrun_oldest);

  void write(const Json& line) { logger->info(line.dump(-1, ' ', true, Json::error_handler_t::replace)); }

  void event(std::string_view level, std::string_view name, Fields fields) {
    Json line{{"time", base::utc_now()}, {"level", level}, {"event", name}};
    for (const auto& [key, value] : fields) line[std::string(key)] = value;
    write(line);
  }
};

Log::Log() : impl_(std::make_unique<Impl>()) { impl_->logger->set_pattern("%v"); }
Log::~Log() { impl_->sink->end(); }

void Log::request(const RequestRecord& record) { impl_->write(line_of(record)); }
void Log::info(std::string_view event, Fields fields) { impl_->event("info", event, fields); }
void Log::warning(std::string_view event, Fields fields) { impl_->event("warning", event, fields); }
void Log::error(std::string_view event, Fields fields) { impl_->event("error", event, fields); }

std::string without_paths(std::string_view message, std::span<const std::pair<std::string, std::string_view>> known) {
  std::string text(message);
  for (const auto& [path, name] : known) {
    for (std::size_t at = path.empty() ? std::string::npos : text.find(path); at != std::string::npos;
         at = text.find(path, at + name.size())) {
      text.replace(at, path.size(), name);
    }
  }
  std::string clean;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, blank);
    const bool is_path = word.find('/') != std::string_view::npos && !word.starts_with('<');
    clean += is_path ? (word.ends_with(':') ? "<path>:" : "<path>") : word;
    rest.remove_prefix(blank);
    if (!rest.empty()) {
      clean += ' ';
      rest.remove_prefix(1);
    }
  }
  return clean;
}

}  // namespace mi2::server
