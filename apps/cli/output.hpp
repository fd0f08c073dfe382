#pragma once
// Where results go: standard output, a device or pipe, or a file that appears only when it is whole.

#include <cstdint>
#include <memory>
#include <string>

#include "base/byte_sink.hpp"

namespace mi2::cli {

class Output : public base::ByteSink {
 public:
  /// Hands everything written so far to the system. @throws as write.
  virtual void flush() = 0;
  /// The result is complete: flushes, and gives a file its name. @throws as write.
  virtual void commit() = 0;
  void rewrite_start(std::string_view bytes) override;
};

/// @param path  empty or "-": standard output. A path of something that is not a regular file (a pipe, /dev/null) is
///              written in place; any other appears whole or not at all, and a link's target is what is replaced.
/// @throws Error{kBadArgument} if it is a folder; {kBadFile} if it cannot be written.
std::unique_ptr<Output> open_output(const std::string& path);

}  // namespace mi2::cli
