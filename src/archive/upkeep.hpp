#pragma once
// What keeps an archive sound: checking, repairing, removing, and handing its vectors out.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"

namespace mi2::archive {

struct VerifyReport {
  std::vector<std::string> problems;      ///< for people; at most kMostProblems, and how many more
  std::vector<std::uint64_t> bad_rows;    ///< live ones whose vectors are not what was written
  std::vector<std::uint64_t> bad_thumbs;  ///< rows whose thumbnails are not what was written
  std::uint64_t rows = 0;                 ///< that were looked at
  bool keyless = false;                   ///< it was passed on without its key: no damage, but nothing can be added
};
inline constexpr std::size_t kMostProblems = 100;

/// Looks at the catalog and at headers and lengths of segments and packs of thumbnails; `deep`: at the checksum of
/// every row and thumbnail and at the length of every vector too.
/// @throws Error{kNotFound}, {kUnsupported} if it is no archive of this format.
VerifyReport verify(const std::filesystem::path& folder, bool deep, const base::OnProgress& on_progress);

struct Repaired {
  std::uint64_t images = 0;  ///< taken out
  std::uint64_t thumbs = 0;  ///< forgotten
};
/// Takes the files of damaged rows out of the archive, so that the next `add` reads them again, and pools their series
/// anew. Damaged thumbnails are forgotten: their images are still found. A damaged catalog cannot be repaired.
Repaired repair(const std::filesystem::path& folder, const base::OnProgress& on_progress);

/// What is to go: one of these.
struct Choice {
  std::optional<filter::Expr> where;
  std::string study;
  std::string patient_key;
  std::string source;  ///< the URL of one that the archive has
};

struct Removal {
  std::vector<Id> instances;
  std::uint64_t images = 0;
  std::string source{};  ///< all of it goes, so that it is read from its start again; empty: of no one source
};
/// What remove() would take.
Removal find_removal(Catalog& catalog, const Choice& choice);
/// Marks it as deleted; `erase`: and overwrites it, with all that was deleted before. A source whose objects are erased
/// is forgotten, too.
/// @returns false if it was erased, but a reader keeps the catalog's log.
bool remove(Writer& archive, const Removal& removal, bool erase);

struct BackedUp {
  std::uint64_t rows = 0;
  std::int64_t snapshot = 0;
};
/// Copies an archive as it is at one moment, whoever adds to it meanwhile, and looks at every row of the copy. Codes
/// are left out: they are made again. @param to  a folder that is not there yet; it appears whole or not at all.
/// @throws Error{kBadArgument} if there is something at `to`; {kBadFile} for damage, or if what is copied was erased
///         meanwhile; {kNotFound}, {kUnsupported} if there is no archive of this format.
BackedUp backup(const std::filesystem::path& folder, const std::filesystem::path& to,
                const base::OnProgress& on_progress);

/// Some of the live images (or pooled series), by row.
struct ItemPage {
  std::vector<ItemFacts> items;
  std::optional<std::uint64_t> next;  ///< the first row of the next page; nothing: this was the last
};
/// @param first  rows from this one on.  @param most  items, at least 1.
/// @throws Error{kUnsupported} as filter::bind().
ItemPage page_of_items(Reader& archive, const std::optional<filter::Expr>& where, bool series, std::uint64_t first,
                       std::size_t most);

/// Calls `use` for each live image (or pooled series) with its vector, by row. @throws Error{kBadFile} for damage.
void each_vector(Reader& archive, const std::optional<filter::Expr>& where, bool series,
                 const std::function<void(const ItemFacts&, std::span<const float>)>& use);

}  // namespace mi2::archive
