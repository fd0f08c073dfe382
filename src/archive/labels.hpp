#pragma once
// What people and programs say of images, series and studies: a value for a key, found by `label.KEY=VALUE`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "archive/filter/filter.hpp"

namespace mi2::archive {

/// Labels that are given at once.
inline constexpr std::size_t kMostLabels = 1U << 20;
/// Of one who gives labels.
inline constexpr std::size_t kMostByBytes = 64;
inline constexpr std::string_view kUsualBy = "user";

/// How a thing is named: by the UID of a study, a series or an object, the number of a row, or the path of a file.
enum class NamedBy : std::uint8_t { kStudy, kSeries, kImage, kItem, kPath };

struct LabelledThing {
  NamedBy by = NamedBy::kStudy;
  std::string name;
  std::size_t line = 0;  ///< where it is named first
};

struct GivenLabel {
  std::size_t thing = 0;  ///< of GivenLabels
  std::size_t key = 0;    ///< the same
  std::string value;
  std::optional<double> score;
  std::size_t line = 0;
};

/// Keys, values and who gives them can be asked for by a filter.
struct GivenLabels {
  std::vector<LabelledThing> things;  ///< each once
  std::vector<std::string> keys;      ///< each once
  std::vector<GivenLabel> labels;
};

struct LabelOptions {
  std::string by{kUsualBy};  ///< who gives them
  bool replace = false;      ///< another value takes the place of the one that is there
  /// The objects of each path. Null: by the path as the archive has it.
  std::function<std::vector<std::vector<Id>>(Catalog&, std::span<const LabelledThing>)> find_paths{};
};

/// Labels of which something is said, and on which lines they are.
struct SomeLines {
  std::uint64_t labels = 0;
  std::uint64_t lines = 0;
  std::vector<std::size_t> first;  ///< at most kShownLines
  std::size_t last = 0;
  /// Lines come in order.
  void add(std::size_t line);
};
inline constexpr std::size_t kShownLines = 10;

/// What became of the labels that were given.
struct LabelReport {
  std::uint64_t added = 0;
  std::uint64_t replaced = 0;
  std::uint64_t same = 0;
  SomeLines unknown;  ///< of nothing that the archive has
  SomeLines refused;  ///< another value is there, or given before
  std::int64_t snapshot = 0;
  [[nodiscard]] bool complete() const noexcept { return unknown.labels == 0 && refused.labels == 0; }
};

/// "added", "replaced", "same", "unknown" and "refused", with the first of their rows, and "snapshot": an object.
std::string to_json(const LabelReport& report);

/// @throws Error{kBadArgument} for a name that nobody can have: empty, of over kMostByBytes, or with control
/// characters.
void require_by(const std::string& by);

/// What add_labels() would do.
LabelReport preview_labels(Catalog& catalog, const GivenLabels& given, const LabelOptions& options);
/// All of them in one transaction; nothing is written if all are there. A study's label is of each study with the UID;
/// that of an image seen through several windows is of each of its rows.
/// @throws as require_by() and filter::bind().
LabelReport add_labels(Writer& archive, const GivenLabels& given, const LabelOptions& options);

/// Labels of a key, of whoever gave them, or of one alone.
struct LabelChoice {
  std::string key;
  std::string by{};                     ///< empty: of all
  std::optional<filter::Expr> where{};  ///< of what has an image that this lets by; nothing: all
};
/// How many remove_labels() would remove. @throws Error{kBadArgument} for no key; as filter::bind().
std::uint64_t count_labels(Catalog& catalog, const LabelChoice& choice);
std::uint64_t remove_labels(Writer& archive, const LabelChoice& choice);

/// Gives what another archive has of the same images, series and studies its labels, where nobody says anything yet.
/// @returns how many are new.
std::uint64_t copy_labels(Catalog& from, Writer& to);

}  // namespace mi2::archive
