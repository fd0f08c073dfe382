#pragma once
// What GET /metrics reports, in Prometheus' text format. Durations are in seconds. Every function may be called from
// any thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/job.hpp"

#include <mi2/image.hpp>

namespace mi2::protocols {
struct ArchiveDrift;
}

namespace mi2::server {

/// The metrics of one model; the workers of two reloads share them.
class ModelMetrics {
 public:
  virtual ~ModelMetrics() = default;
  virtual void queue_size(std::size_t images, std::size_t texts) = 0;
  virtual void prepared(const PrepareTimes& times) = 0;
  virtual void waited(Lane lane, double seconds) = 0;
  virtual void passed(Lane lane, std::size_t rows, double seconds) = 0;
  virtual void ready(bool is_ready) = 0;
  virtual void loaded(bool succeeded) = 0;
};

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  /// The metrics of a model, created on the first call; they live as long as this.
  ModelMetrics& model(const std::string& name);

  /// A request was answered. @param route  a route's name, never a path.
  void answered(std::string_view route, int status, double seconds);
  /// @param kind  a code's name ("bad_file"), or "timeout", "disconnected", "unauthorized", ..
  void failed(std::string_view kind);
  /// A search of an archive was answered, or a study deleted. @param outcome  "ok" or a code's name.
  void asked(const std::string& archive, const std::string& action, std::string_view outcome, double seconds);
  /// What was last seen of an archive.
  void archive(const std::string& name, std::uint64_t rows, std::int64_t snapshot);
  /// How old what is answered of an archive in a database is.
  void follows(const std::string& name, double seconds);
  /// How the stations of an archive differ from its reference, in place of those before.
  void drift(const protocols::ArchiveDrift& now);
  void connections(std::size_t open);
  void buffered(std::size_t bytes);
  void decoding(std::uint64_t pixels);

  /// @returns the exposition; its content type is kContentType. @param with_archives  those of archives too.
  [[nodiscard]] std::string render(bool with_archives = true) const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::server
