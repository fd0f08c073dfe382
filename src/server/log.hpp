#pragma once
// The log: one JSON object per line, on standard error. It holds ids, sizes, times and outcomes; never a payload, a
// text, a key or a path, which may all hold what belongs to a patient.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/job.hpp"

namespace mi2::server {

/// What is logged about one request.
struct RequestRecord {
  std::string id;         ///< fit for a log line (protocols::request_ids)
  std::string client_id;  ///< likewise
  std::string trace_id;   ///< 32 hexadecimal digits of a valid traceparent, or empty
  std::string_view route = "none";
  std::string model;  ///< one of the operator's names
  int status = 0;
  std::size_t images = 0;
  std::size_t texts = 0;
  std::uint64_t bytes_in = 0;   ///< of the body
  std::uint64_t bytes_out = 0;  ///< of the body
  JobTimes times;
  double seconds = 0;                 ///< from the header to the answer written
  std::vector<std::string> warnings;  ///< names alone, each once: "one_value"
  std::string outcome = "ok";         ///< a code's name, "disconnected", "timeout", ..

  void add_warnings(std::span<const protocols::ImageWarning> all);
};

/// A message for the log: what it says of paths may belong to a patient. Of the operator's own ones, `known`, it says
/// the names given here, such as "<model>"; any other word with a slash becomes "<path>".
std::string without_paths(std::string_view message, std::span<const std::pair<std::string, std::string_view>> known);

/// Never blocks the server: when standard error does not take the lines, the oldest are dropped.
class Log {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  /// Writes what is left, for at most two seconds.
  ~Log();

  void request(const RequestRecord& record);
  /// Something that happened to the server: {"time", "level", "event", and the fields}.
  void info(std::string_view event, Fields fields = {});
  void warning(std::string_view event, Fields fields = {});
  void error(std::string_view event, Fields fields = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mi2::server
