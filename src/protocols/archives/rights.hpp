#pragma once
// Who may do what with which archive.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "archive/filter/filter.hpp"

namespace mi2::protocols::archives {

/// What one caller may do with one archive.
struct Right {
  bool search = false;                        ///< see it at all
  bool paths = false;                         ///< see the paths of its files, and filter by them
  bool remove = false;                        ///< delete studies
  std::optional<archive::filter::Expr> rows;  ///< of it these rows alone: others are not there
};

/// Rights by key. Without a file, whoever is let in may search all archives.
class Rights {
 public:
  Rights() = default;
  /// {"keys": {KEY: {ARCHIVE: {"rights": ["search", "paths", "delete"], "where": EXPR}}}}. KEY is the SHA-256 of a key,
  /// ARCHIVE a name; "*" stands for keys, and archives, that are not named.
  /// @param names  of the archives.  @param name  what errors call the text.
  /// @throws Error{kBadFile} naming what is wrong.
  static Rights parse(std::string_view text, std::string_view name, std::span<const std::string> names);

  /// @param caller  HttpRequest::caller.
  [[nodiscard]] Right of(std::string_view caller, std::string_view archive) const;

  /// Whether a key is named, so that it matters which one is shown.
  [[nodiscard]] bool names_keys() const;

 private:
  using ByArchive = std::map<std::string, Right, std::less<>>;
  bool everyone_ = true;
  std::map<std::string, ByArchive, std::less<>> keys_;
};

}  // namespace mi2::protocols::archives
