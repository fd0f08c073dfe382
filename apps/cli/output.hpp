#pragma once
// Where results go: standard output, a device or pipe, or a file that appears only when it is whole.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/byte_sink.hpp"

namespace mi2::cli {

class Output : public base::ByteSink {
 public:
  /// Hands everything written so far to the system. @throws as write.
  virtual void flush() = 0;
  /// The result is complete: flushes, and gives a file its name. @throws as write.
  virtual void commit() = 0;
  /// Removes the file that commit() would replace, if it is one: see base::AtomicFile::withdraw_old(). @throws as
  /// write.
  virtual void withdraw_old() {}
  void rewrite_start(std::string_view bytes) override;
};

/// @param path  empty or "-": standard output. A path of something that is not a regular file (a pipe, /dev/null) is
///              written in place; any other appears whole or not at all, and a link's target is what is replaced.
/// @throws Error{kBadArgument} if it is a folder; {kBadFile} if it cannot be written.
std::unique_ptr<Output> open_output(const std::string& path);

/// The folder of a report, made if it is not there. @throws Error{kBadFile}.
std::filesystem::path make_report_folder(const std::string& folder);

/// Whether open_output() makes a file that appears whole: not standard output, a device or a pipe.
bool is_file_output(const std::string& path);

/// Before any work is done for it: a result that already exists is not lost by a mistyped command.
/// @throws Error{kBadArgument} if a file exists at `path` and is not to be replaced.
void check_is_new(const std::string& path, bool force);

/// How a result is written: as --format says, else as the name of the file does, else `usual`.
/// @param chosen  --format, or empty.
/// @param formats  that the command writes, as words and file endings; "table" is also .txt, "jsonl" also .ndjson and
/// .json.
/// @throws Error{kBadArgument} if the name says another format than --format, or one that is not written at all: under
///         it a reader would take the file for what it is not.
std::string result_format(const std::string& chosen, const std::string& path, std::span<const std::string> formats,
                          const std::string& usual);

}  // namespace mi2::cli
