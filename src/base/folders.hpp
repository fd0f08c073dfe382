#pragma once
// A folder that appears whole or not at all.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/partial.hpp"

namespace mi2::base {

class AtomicFolder {
 public:
  /// @throws Error{kBadArgument} if there is something at `path`; {kBadFile} if nothing can be written beside it.
  explicit AtomicFolder(std::filesystem::path path);

  /// Where it is until commit(): for who writes into it in other ways.
  [[nodiscard]] const std::filesystem::path& partial() const noexcept { return partial_.path(); }

  /// Writes a file below the folder, with the folders above it. @throws Error{kBadFile}.
  void write(const std::filesystem::path& relative, std::string_view text) const;
  /// Copies a regular file. @throws Error{kNotFound}, {kBadFile} naming the file that cannot be read or written.
  void copy(const std::filesystem::path& from, const std::filesystem::path& relative) const;
  /// Flushes everything and gives the folder its name.
  /// @throws Error{kBadArgument} if somebody else has taken it in the meantime; {kBadFile}.
  void commit();

 private:
  std::filesystem::path path_;
  Partial partial_;
};

}  // namespace mi2::base
