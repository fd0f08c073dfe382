#pragma once
// The IRMA code, which says of a radiograph how it was taken (T), which way (D), of what (A) and for which system (B):
// "1121-127-700-500".

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "recipe/listing.hpp"

namespace mi2::recipe {

inline constexpr std::size_t kIrmaAxes = 4;  ///< T, D, A, B
inline constexpr std::size_t kMostIrmaCodes = 1U << 16;
inline constexpr std::uint64_t kMostIrmaTableBytes = 16ULL << 20;

/// Labels by code: "7" abdomen, "70" unspecified.
using IrmaAxis = std::map<std::string, std::string, std::less<>>;
using IrmaTable = std::array<IrmaAxis, kIrmaAxes>;

/// Of code-2008-04-14.txt: a line "** NAME" begins an axis, then lines "[CODE] LABEL".
/// @param name  what errors call it.
/// @throws Error{kBadFile} naming a line that is neither, another number of axes, or a code that an axis has twice;
///         {kTooLarge} over kMostIrmaCodes.
IrmaTable parse_irma_table(std::string_view text, std::string_view name);

/// Of A.csv, B.csv, C.csv or D.csv, which are T, D, A and B in this order: lines "CODE;LABEL", with or without a
/// header.
/// @throws as parse_irma_table.
IrmaAxis parse_irma_axis(std::string_view text, std::string_view name);

/// The table among the files of a dataset, in one file or four. @throws Error{kNotFound}; as parse_irma_table.
IrmaTable find_irma_table(const Listing& files);

/// Whether it is four groups of 4, 3, 3 and 3 digits and small letters.
bool is_irma_code(std::string_view code);

/// "abdomen unspecified, coronal anteroposterior (AP, coronal) supine": the labels along A, then those along D. A 0
/// that goes past the table says nothing.
/// @returns nothing for what is no code, or one that the table does not have.
std::optional<std::string> irma_text(const IrmaTable& table, std::string_view code);

/// The codes that texts stand for. A text says nothing of technique and biosystem, whose places are left open, "*".
class IrmaTexts {
 public:
  explicit IrmaTexts(const IrmaTable& table);

  /// "****-127-700-***" of what irma_text() gives for a code with D 127 and A 700. Places in which codes of one text
  /// differ, and those behind, are open too.
  /// @returns nothing for a text that no code of the table has.
  [[nodiscard]] std::optional<std::string> code_of(std::string_view text) const;

 private:
  using Codes = std::map<std::string, std::string, std::less<>>;  ///< by text

  Codes directions_;
  Codes anatomies_;
};

}  // namespace mi2::recipe
