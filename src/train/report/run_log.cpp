#include "train/report/run_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxLogBytes = 2ULL << 30;

/// JSON has no NaN: it is written as null.
double number(const Json& line, const char* key) {
  const Json& value = line.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

LoggedStep step_of(const Json& line) {
  LoggedStep step;
  step.record.step = line.at("step").get<std::int64_t>();
  step.record.epoch = number(line, "epoch");
  step.record.loss = number(line, "loss");
  step.record.learning_rate = number(line, "learning_rate");
  step.record.gradient_norm = number(line, "gradient_norm");
  step.record.logit_scale = number(line, "logit_scale");
  step.record.images_per_second = number(line, "images_per_second");
  step.record.memory_bytes = line.at("memory_bytes").get<std::uint64_t>();
  step.seconds = number(line, "seconds");
  step.kwh = number(line, "kwh");
  return step;
}

EvaluationRecord evaluation_of(const Json& line) {
  EvaluationRecord evaluation;
  evaluation.step = line.at("step").get<std::int64_t>();
  evaluation.epoch = number(line, "epoch");
  evaluation.best = line.at("best").get<bool>();
  evaluation.seconds = number(line, "seconds");
  for (const auto& [name, value] : line.at("metrics").items()) {
    evaluation.metrics.emplace_back(name,
                                    value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  }
  return evaluation;
}

/// Calls `take` with each whole line and where it starts, until it returns false.
void for_each_line(const std::filesystem::path& path, const std::string& text,
                   const std::function<bool(const Json& line, std::size_t start)>& take) {
  std::size_t start = 0;
  for (std::size_t count = 1; start < text.size(); ++count) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string::npos) return;
    try {
      if (!take(base::parse_ordered_json(std::string_view(text).substr(start, end - start), {}), start)) return;
    } catch (const std::exception&) {
      throw Error(Code::kBadFile, fmt::format("{}: line {} is no line of a training log", path.string(), count));
    }
    start = end + 1;
  }
}

}  // namespace

History read_history(const std::filesystem::path& path) {
  History history;
  for_each_line(path, base::read_text_file(path, kMaxLogBytes), [&](const Json& line, std::size_t /*start*/) {
    const std::string type = line.at("type").get<std::string>();
    if (type == "step") history.steps.push_back(step_of(line));
    if (type == "evaluation") history.evaluations.push_back(evaluation_of(line));
    return true;
  });
  return history;
}

RunLog::RunLog(std::filesystem::path path, std::int64_t step) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
  }
  try {
    cut_after(step);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RunLog::~RunLog() { ::close(descriptor_); }

void RunLog::cut_after(std::int64_t step) {
  const std::string text = base::read_text_file(path_, kMaxLogBytes);
  // A last line without its end goes too.
  std::size_t keep = text.rfind('\n') + 1;
  for_each_line(path_, text, [&](const Json& line, std::size_t start) {
    if (line.at("step").get<std::int64_t>() > step) {
      keep = start;
      return false;
    }
    if (line.at("type") == "step") {
      seconds_ = number(line, "seconds");
      kwh_ = number(line, "kwh");
    }
    return true;
  });
  if (keep < text.size() && ::ftruncate(descriptor_, static_cast<off_t>(keep)) != 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be shortened: {}", path_.string(), std::strerror(errno)));
  }
}

void RunLog::write_line(const std::string& line) {
  if (!base::write_all(descriptor_, line)) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot write: {}", path_.string(), std::strerror(errno)));
  }
}

void RunLog::append(const LoggedStep& step) {
  const StepRecord& record = step.record;
  const Json line{{"type", "step"},
                  {"step", record.step},
                  {"epoch", record.epoch},
                  {"loss", record.loss},
                  {"learning_rate", record.learning_rate},
                  {"gradient_norm", record.gradient_norm},
                  {"logit_scale", record.logit_scale},
                  {"images_per_second", record.images_per_second},
                  {"memory_bytes", record.memory_bytes},
                  {"seconds", step.seconds},
                  {"kwh", step.kwh}};
  write_line(line.dump() + "\n");
}

void RunLog::append(const EvaluationRecord& evaluation) {
  Json metrics = Json::object();
  for (const auto& [name, value] : evaluation.metrics) metrics[name] = value;
  const Json line{{"type", "evaluation"}, {"step", evaluation.step}, {"epoch", evaluation.epoch},
                  {"metrics", metrics},   {"best", evaluation.best}, {"seconds", evaluation.seconds}};
  write_line(line.dump() + "\n");
}

void RunLog::note(std::int64_t step, std::string_view text) {
  const Json line{{"type", "note"}, {"step", step}, {"text", text}};
  write_line(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void RunLog::sync() {
  if (::fsync(descriptor_) != 0) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot flush to disk: {}", path_.string(), std::strerror(errno)));
  }
}

}  // namespace mi2::train
