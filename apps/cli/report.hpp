#pragma once
// What became of the inputs: counts them, says on stderr what went wrong, and knows the exit status.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "progress.hpp"

namespace mi2::cli {

class Report {
 public:
  explicit Report(Progress& progress) : progress_(progress) {}

  void good(std::size_t count = 1) noexcept { good_ += count; }
  /// Prints "mi2: PATH: reason".
  void bad(std::string_view path, const Error& error);
  /// Prints "mi2: warning: PATH: warning" for each.
  void doubtful(std::string_view path, std::span<const std::string> warnings);
  /// Prints how many inputs failed, if any.
  void summarize();

  [[nodiscard]] std::size_t bad_count() const noexcept { return bad_; }
  /// Inputs so far, good and bad.
  [[nodiscard]] std::size_t count() const noexcept { return good_ + bad_; }
  [[nodiscard]] bool all_failed() const noexcept { return good_ == 0 && bad_ > 0; }
  /// 0 if every input succeeded, kExitPartial if some did, otherwise the first failure's own status.
  [[nodiscard]] int exit_status() const noexcept;

 private:
  Progress& progress_;
  std::size_t good_ = 0;
  std::size_t bad_ = 0;
  std::optional<Code> first_;
};

}  // namespace mi2::cli
