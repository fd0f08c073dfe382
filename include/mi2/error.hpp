#pragma once
// The one exception type of mi2 and the table that gives each of its codes a process exit status and an HTTP status.

#include <stdexcept>
#include <string>
#include <string_view>

#include <mi2/export.h>

namespace mi2 {

enum class Code {
  kBadArgument,  ///< the caller asked for something that makes no sense: unknown option, empty request
  kBadFile,      ///< a file or a byte stream does not hold what it should: truncated, corrupt, tensor missing
  kUnsupported,  ///< well-formed, but of a kind mi2 does not read
  kTooLarge,     ///< over a limit on bytes, pixels or rows
  kOverloaded,   ///< the queue is full; try again later
  kNotFound,     ///< no such file or item
  kInternal,     ///< a defect of mi2 or a failing machine
};

/// What every code means to the outside.
struct CodeInfo {
  Code code;
  std::string_view name;  ///< stable, for machines: "bad_file"
  int exit_status;        ///< of a command-line program
  int http_status;
};

/// Some rows failed while others succeeded; every good row was still written.
inline constexpr int kExitPartial = 8;

/// @returns the row of the code table for `code`.
MI2_EXPORT const CodeInfo& info(Code code) noexcept;

/// Everything mi2 throws on purpose. The message says where, what was found and what was needed.
class MI2_EXPORT Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] Code code() const noexcept { return code_; }

 private:
  Code code_;
};

}  // namespace mi2
