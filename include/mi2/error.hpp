#pragma once
// The one exception type of mi2 and its codes.

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

/// A code for machines, such as "bad_file". Stable, and valid for ever.
MI2_EXPORT std::string_view name_of(Code code) noexcept;

/// Everything mi2 throws on purpose. The message says where, what was found and what was needed.
class MI2_EXPORT Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] Code code() const noexcept { return code_; }

 private:
  Code code_;
};

}  // namespace mi2
