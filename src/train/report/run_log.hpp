#pragma once
// log.jsonl: one line per logged step, evaluation and note. docs/training-config.md lists the fields.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "train/report/observer.hpp"

namespace mi2::train {

/// A step with what the run as a whole had taken by then, sessions before a resume included.
struct LoggedStep {
  StepRecord record;
  double seconds = 0;
  double kwh = 0;  ///< of the devices, without what the building takes (PUE)
};

/// What a log holds.
struct History {
  std::vector<LoggedStep> steps;
  std::vector<EvaluationRecord> evaluations;
};

/// @throws Error{kNotFound}, {kTooLarge}; {kBadFile} naming a line that is no line of such a log. A last line without
/// its
///         end, as a crash leaves it, is left out.
History read_history(const std::filesystem::path& path);

class RunLog {
 public:
  /// Opens or starts the log. Lines of steps after `step`, and a last line that a crash left unfinished, are cut off:
  /// the run does those steps again.
  /// @throws Error{kBadFile} if the file cannot be written or holds something else.
  RunLog(std::filesystem::path path, std::int64_t step);
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;
  ~RunLog();

  /// Seconds and kwh of the last line that was kept; 0 in a new log.
  [[nodiscard]] double seconds() const noexcept { return seconds_; }
  [[nodiscard]] double kwh() const noexcept { return kwh_; }

  // Each is one write of one line. @throws Error{kBadFile} when the disk refuses.
  void append(const LoggedStep& step);
  void append(const EvaluationRecord& evaluation);
  void note(std::int64_t step, std::string_view text);
  /// Flushed to disk: it survives a crash of the machine.
  void sync();

 private:
  void write_line(const std::string& line);
  void cut_after(std::int64_t step);

  std::filesystem::path path_;
  int descriptor_ = -1;
  double seconds_ = 0;
  double kwh_ = 0;
};

}  // namespace mi2::train
