#pragma once
// The stages of prepare(), in their order: each takes what the one before made of the rows.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recipe/listing.hpp"
#include "recipe/recipe.hpp"
#include "recipe/rows.hpp"
#include "recipe/step.hpp"

namespace mi2::recipe {

/// Whether a path's ending is not that of a table, a text or an archive.
bool is_image_name(std::string_view path);

/// All rows of the recipe's tables and patterns, with what they are joined with and with their words replaced. Cells
/// lose the blanks around them. Rows that a pattern found have a column `file`, a whole path.
/// @throws Error for a table that is missing, is none, or lacks a column that rows cannot be without.
Rows read_rows(const Recipe& recipe, const Listing& files, Notes& notes);
void join_rows(const Recipe& recipe, const Listing& files, Rows& rows, Notes& notes);
void replace_words(const Recipe& recipe, Rows& rows);

/// Takes out the rows for which `reason` has one, and counts them by it.
template <typename Reason>
void exclude_rows(Rows& rows, Notes& notes, const Reason& reason) {
  std::erase_if(rows.all(), [&](Row& row) {
    const std::string why = reason(row);
    if (!why.empty()) ++notes.excluded[why];
    return !why.empty();
  });
}

void apply_exclusions(const Recipe& recipe, Rows& rows, Notes& notes);

/// Gives each row its `file`, a whole path, and its `id`; rows without one are taken out.
/// @throws Error{kBadFile} for two rows of one id that differ.
void find_images(const Recipe& recipe, const Listing& files, Rows& rows, Notes& notes);

/// Gives each row its `label` and `caption`; rows without a label, or whose text is not a published one, are taken out.
void label_rows(const Recipe& recipe, Rows& rows, Notes& notes);

/// The labels of a cell `a|b`, without blanks around and each once.
std::vector<std::string> split_findings(std::string_view cell);

/// The labels that a model chooses among, each with its text.
Words prompts_of(const Recipe& recipe, const Rows& rows);

/// Sets the column `split`. @throws Error{kBadFile} for a list that is missing or a word that is no split.
void split_rows(const SplitRule& rule, const Listing& files, std::uint64_t seed, Rows& rows, Notes& notes);

/// Sets the column `split` of every row: the rule's shares are drawn, and the rest is train.
void draw_splits(const SplitRule& rule, std::uint64_t seed, Rows& rows);

/// How often patients are in several splits.
struct Leaks {
  std::string column;            ///< that says whose a row is; empty: none does
  std::uint64_t groups = 0;      ///< patients, of rows that name one
  std::uint64_t in_several = 0;  ///< of them, in more than one split
  std::uint64_t unnamed = 0;     ///< rows that name none
};
/// @param group  the column that says whose an image is; without it nothing is counted.
Leaks find_leaks(const std::string& group, const Rows& rows);

}  // namespace mi2::recipe
