#pragma once
// The unfinished output of a batch: lines that are whole stay, whatever ends the program.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace mi2::jobs {

class Journal {
 public:
  /// Opens `output`.part, or goes on with one that `job` began.
  /// @param job     what the lines depend on; compared with that of an earlier run.
  /// @param failed  whether a line reports a row's failure.
  /// @throws Error{kBadArgument} if it is another job's, another process writes it, or a file of others has its name or
  ///         that of `output`.job; {kBadFile} if the disk refuses.
  Journal(std::filesystem::path output, const std::string& job, bool restart,
          const std::function<bool(std::string_view line)>& failed);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  /// Whole lines of the earlier run, and how many of them report a failure.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

  /// Appends whole lines. @throws Error{kBadFile}.
  void append(std::string_view lines);
  /// Gives the file its name: all lines are written. @throws Error{kBadFile}.
  void finish();
  /// Removes what it kept: the output was made another way.
  void discard() noexcept;
  /// The lines so far.
  [[nodiscard]] const std::filesystem::path& part() const noexcept { return part_; }

 private:
  [[noreturn]] void fail(const char* what) const;
  [[noreturn]] void refuse_part(std::string_view what) const;
  void keep_whole_lines(const std::function<bool(std::string_view line)>& failed);
  void remove_job() noexcept;

  std::filesystem::path output_;
  std::filesystem::path part_;
  std::filesystem::path job_;
  int descriptor_ = -1;
  std::uint64_t lines_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace mi2::jobs
