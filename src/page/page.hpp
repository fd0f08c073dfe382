#pragma once
// The page of mi2 serve as files inside the program. web/ makes them; a build without Node has none.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mi2::page {

/// A file of the page.
struct File {
  std::string_view type;  ///< its content type
  std::string_view gzip;  ///< its bytes, compressed
  std::size_t size = 0;   ///< that it has when it is not
};

/// Whether the program was built with the page.
bool is_built();

/// The file of this name ("index.html"), or nothing.
std::optional<File> find(std::string_view name);

/// A file's bytes, for a client that reads no gzip.
std::string plain(const File& file);

}  // namespace mi2::page
