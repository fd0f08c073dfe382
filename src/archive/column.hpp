#pragma once
// One field of all rows, in little memory.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"

namespace mi2::archive {

/// Fields by whose values images are counted or compared. @param known  those that there are.
/// @throws Error{kBadArgument} for none, an unknown one, or one twice; the message repeats nothing.
void check_by(std::span<const std::string> fields, std::span<const std::string_view> known);

class Column {
 public:
  /// @param rows  that the archive has. @throws as Catalog::each_value().
  Column(Catalog& catalog, std::string_view field, std::uint64_t rows);
  /// A field that is made of others. @param value_of  a row, from 0 to rows - 1; empty: it has none.
  Column(std::uint64_t rows, const std::function<std::string(std::uint64_t row)>& value_of);

  /// Empty: the row has none.
  [[nodiscard]] const std::string& of(std::uint64_t row) const { return words_[codes_[row]]; }
  /// A number of the row's value, 0 for none: equal where values are equal but for the case of A to Z.
  [[nodiscard]] std::uint32_t code(std::uint64_t row) const { return same_[codes_[row]]; }

  /// All values, each once, as they are written; the first is empty.
  [[nodiscard]] std::span<const std::string> words() const { return words_; }

 private:
  class Filler;

  std::vector<std::uint32_t> codes_;  ///< of each row, a place in the other two
  std::vector<std::string> words_{""};
  std::vector<std::uint32_t> same_{0};
};

}  // namespace mi2::archive
