#pragma once
// Who may do what with which archive.

#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"

namespace mi2::protocols::archives {

/// What one caller may do with one archive.
struct Right {
  bool search = false;                        ///< see it at all
  bool paths = false;                         ///< see the paths of its files, and filter by them
  bool remove = false;                        ///< delete studies
  bool add = false;                           ///< add files, and label; never with `rows`
  bool push = false;                          ///< send results to where the operator lets them; never with `rows`
  bool label = false;                         ///< train heads on labelled items, and delete heads
  bool administer = false;                    ///< see who did what; never with `rows`
  std::optional<archive::filter::Expr> rows;  ///< of it these rows alone: others are not there

  bool operator==(const Right&) const = default;
};

/// A right but that of some rows, as files and answers call it.
struct NamedRight {
  std::string_view name;
  bool Right::*flag;
};
inline constexpr std::array<NamedRight, 7> kRights{{{"search", &Right::search},
                                                    {"paths", &Right::paths},
                                                    {"delete", &Right::remove},
                                                    {"add", &Right::add},
                                                    {"push", &Right::push},
                                                    {"label", &Right::label},
                                                    {"administer", &Right::administer}}};

/// That no archive of a name is there: of one that may not be seen the same.
Error no_archive();

/// A request may wait for minutes, while rights are read anew.
/// @param had,now  of its caller: when it came, and now.
/// @throws Error{kNotFound} if the archive may not be seen any more; {kOverloaded} if less may be done with it, or
///         other rows are seen.
void require_kept(const Right& had, const Right& now);

/// What two groups let by together, never more. What is of some rows adds nothing to what is of all; of two that are
/// of some rows each, the rows of both are there, for what both may.
Right joined(const Right& a, const Right& b);

/// ["search", ..], "restricted": true or false: what follows "rights".
std::string rights_json(const Right& right);

/// Filters of a user's groups that are joined: what further groups let by is left out.
inline constexpr std::size_t kMostFilters = 16;

/// Rights by key, and by user and group. Without a file, whoever is let in may search all archives, and label where
/// heads are kept.
class Rights {
 public:
  /// Stands for all that are not named.
  static constexpr std::string_view kAny = "*";

  Rights() = default;
  /// {"roles": {ROLE: [RIGHT, ..]}, "keys": {KEY: {ARCHIVE: {"rights": [RIGHT, ..], "roles": [ROLE, ..], "where":
  /// EXPR}}}, "users": {USER: {ARCHIVE: ..}}, "groups": {GROUP: {ARCHIVE: ..}}}. RIGHT is search, paths, delete, add,
  /// push, label or administer; ROLE one of the file's, or search, identifiers, push or administer. KEY is the SHA-256
  /// of a key, ARCHIVE a name; "*" stands for keys, users, and archives, that are not named.
  /// @param names  of the archives.  @param name  what errors call the text.
  /// @throws Error{kBadFile} naming what is wrong.
  static Rights parse(std::string_view text, std::string_view name, std::span<const std::string> names);

  /// Of a user who is named, what is said of them; of others, what their groups let by together, or if none is named,
  /// what "*" does.
  /// @param caller  HttpRequest::caller.
  [[nodiscard]] Right of(std::string_view caller, std::string_view archive) const;

  /// Whether a key is named, so that it matters which one is shown.
  [[nodiscard]] bool names_keys() const;
  /// Whether it says something of users.
  [[nodiscard]] bool names_users() const { return !users_.empty() || !groups_.empty(); }
  /// Whether it says something of groups.
  [[nodiscard]] bool names_groups() const { return !groups_.empty(); }

  /// Whether callers whose keys are not named may add to an archive, delete from it or send what is in it.
  [[nodiscard]] bool lets_anybody_change() const;

 private:
  using ByArchive = std::map<std::string, Right, std::less<>>;
  using ByName = std::map<std::string, ByArchive, std::less<>>;

  [[nodiscard]] Right of_user(std::string_view caller, std::string_view archive) const;

  bool everyone_ = true;
  ByName keys_;
  ByName users_;
  ByName groups_;
};

/// How callers show who they are.
struct Admission {
  bool keys = false;    ///< by a key
  bool users = false;   ///< by the name that a reverse proxy gives them
  bool groups = false;  ///< with their groups
};

/// @throws Error{kBadFile} if rights are of somebody whom nobody is asked to be, or let anybody change an archive.
void check_rights(const Rights& rights, const Admission& admission, const std::filesystem::path& file);

}  // namespace mi2::protocols::archives
