#pragma once
// One field of all rows, in little memory.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"

namespace mi2::archive {

class Column {
 public:
  /// @param rows  that the archive has. @throws as Catalog::each_value().
  Column(Catalog& catalog, std::string_view field, std::uint64_t rows);

  /// Empty: the row has none.
  [[nodiscard]] const std::string& of(std::uint64_t row) const { return words_[codes_[row]]; }
  /// A number of the row's value, 0 for none: equal where values are equal but for the case of A to Z.
  [[nodiscard]] std::uint32_t code(std::uint64_t row) const { return same_[codes_[row]]; }

 private:
  std::vector<std::uint32_t> codes_;  ///< of each row, a place in the other two
  std::vector<std::string> words_{""};
  std::vector<std::uint32_t> same_{0};
};

}  // namespace mi2::archive
