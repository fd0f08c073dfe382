#include "server/log.hpp"

#include <chrono>
#include <cmath>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <nlohmann/json.hpp>

namespace mi2::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxLines = 8192;  ///< that wait to be written

/// "2026-11-25T01:57:00.123Z"
std::string now() {
  const auto time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     (time - whole).count());
}

double milliseconds_of(double seconds) { return std::round(seconds * 1e6) / 1e3; }

Json line_of(const RequestRecord& record) {
  Json line{{"time", now()}, {"level", "info"}, {"event", "request"}, {"request_id", record.id}};
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
  line["bytes_in"] = record.bytes_in;
  line["bytes_out"] = record.bytes_out;
  line["total_ms"] = milliseconds_of(record.seconds);
  return line;
}

}  // namespace

struct Log::Impl {
  std::shared_ptr<spdlog::details::thread_pool> thread = std::make_shared<spdlog::details::thread_pool>(kMaxLines, 1);
  std::shared_ptr<spdlog::async_logger> logger = std::make_shared<spdlog::async_logger>(
      "mi2", std::make_shared<spdlog::sinks::stderr_sink_mt>(), thread, spdlog::async_overflow_policy::overrun_oldest);

  void write(const Json& line) { logger->info(line.dump(-1, ' ', true, Json::error_handler_t::replace)); }

  void event(std::string_view level, std::string_view name, Fields fields) {
    Json line{{"time", now()}, {"level", level}, {"event", name}};
    for (const auto& [key, value] : fields) line[std::string(key)] = value;
    write(line);
  }
};

Log::Log() : impl_(std::make_unique<Impl>()) { impl_->logger->set_pattern("%v"); }
Log::~Log() { impl_->logger->flush(); }

void Log::request(const RequestRecord& record) { impl_->write(line_of(record)); }
void Log::info(std::string_view event, Fields fields) { impl_->event("info", event, fields); }
void Log::error(std::string_view event, Fields fields) { impl_->event("error", event, fields); }

}  // namespace mi2::server
