#pragma once
// What was added from a zip, read from there again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"
#include "embedder/inputs.hpp"
#include "zip/zip_file.hpp"

namespace mi2::archive {

/// The zip that was read last stays open: for each of its objects its whole directory would be read again.
class LastZip {
 public:
  /// All bytes of an entry.
  /// @throws as ZipFile and ZipFile::read(), in whose messages a name is the entry's; Error{kNotFound} if there is none
  ///         of this name.
  std::vector<std::byte> read(const std::string& zip, std::string_view entry, std::uint64_t max_bytes);

 private:
  std::string path_;
  Stamp stamp_;
  std::optional<zip::ZipFile> open_;
};

/// An object in a zip, as it was added.
/// @param zip    container_of() its locator.
/// @param zips   outlives what is returned.
embedder::Input zipped_input(const std::string& zip, const std::string& locator, LastZip& zips);

}  // namespace mi2::archive
