#pragma once
// Paths that say what a file is: "{split}/{class}/{patient}-{n}.jpeg".

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::recipe {

class Pattern {
 public:
  /// @throws Error{kBadFile} for braces out of place or two captures with nothing between.
  explicit Pattern(std::string_view text);

  /// The names of its captures, from the file to the first folder.
  [[nodiscard]] std::vector<std::string> captures() const;

  using Captures = std::vector<std::pair<std::string, std::string>>;
  /// What the captures of the pattern take from the end of a path, if it fits: each at least one character, of one
  /// name, up to the first place where what follows it in the pattern stands. Letters A to Z are as a to z. The
  /// capture {_} is not among them.
  [[nodiscard]] std::optional<Captures> match(std::string_view path) const;

 private:
  /// Text, then a capture; the last of a name may have none.
  struct Piece {
    std::string text;
    std::string capture;
  };
  using Name = std::vector<Piece>;
  static bool fits(const Name& name, std::string_view part, Captures& found);

  std::vector<Name> names_;  ///< from the first folder to the file
};

}  // namespace mi2::recipe
