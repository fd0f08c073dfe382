#pragma once
// Received objects that are kept as files: FOLDER/study/series/object.dcm.

#include <filesystem>
#include <string>

#include "dimse/spool.hpp"

namespace mi2::dimse {

class KeptObjects {
 public:
  /// Makes the folder if it is not there. @throws Error{kBadFile}.
  explicit KeptObjects(const std::filesystem::path& folder);

  /// Where an object belongs. Another object with its identifier, if one is kept, stays: this one gets another name.
  /// @throws Error{kBadFile} if a file cannot be read.
  [[nodiscard]] std::filesystem::path place_of(const Spooled& object) const;
  /// Puts an object in its place, on disk when this returns; its spooled file is gone then.
  /// @param place  place_of().  @throws Error{kBadFile}.
  void put(const Spooled& object, const std::filesystem::path& place) const;

 private:
  std::filesystem::path folder_;
};

/// The hash of a file's content, as hexadecimal digits. @throws Error{kBadFile}, {kNotFound}.
std::string content_hash(const std::filesystem::path& file);

}  // namespace mi2::dimse
