#include "archive/column.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/table.hpp"

namespace mi2::archive {

/// Puts values into a column, each word once.
class Column::Filler {
 public:
  explicit Filler(Column& column) : column_(column) {}

  void put(std::uint64_t row, std::string value) {
    if (row >= column_.codes_.size() || value.empty()) return;
    const auto [word, fresh] = known_.try_emplace(std::move(value), static_cast<std::uint32_t>(column_.words_.size()));
    column_.codes_[static_cast<std::size_t>(row)] = word->second;
    if (!fresh) return;
    column_.words_.push_back(word->first);
    column_.same_.push_back(in_small_letters_.try_emplace(base::lower_ascii(word->first), word->second).first->second);
  }

 private:
  Column& column_;
  std::unordered_map<std::string, std::uint32_t> known_;
  std::unordered_map<std::string, std::uint32_t> in_small_letters_;
};

void check_by(std::span<const std::string> fields, std::span<const std::string_view> known) {
  if (fields.empty()) throw Error(Code::kBadArgument, "by: is empty; expected a field at least");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto earlier = fields.first(i);
    const bool again = std::find(earlier.begin(), earlier.end(), fields[i]) != earlier.end();
    if (!again && std::find(known.begin(), known.end(), fields[i]) != known.end()) continue;
    throw Error(Code::kBadArgument, fmt::format("by: expected some of {}, each once", fmt::join(known, ", ")));
  }
}

Column::Column(Catalog& catalog, std::string_view field, std::uint64_t rows)
    : codes_(static_cast<std::size_t>(rows), 0) {
  Filler filler(*this);
  catalog.each_value(field, [&](std::uint64_t row, std::string value) { filler.put(row, std::move(value)); });
}

Column::Column(std::uint64_t rows, const std::function<std::string(std::uint64_t row)>& value_of)
    : codes_(static_cast<std::size_t>(rows), 0) {
  Filler filler(*this);
  for (std::uint64_t row = 0; row < rows; ++row) filler.put(row, value_of(row));
}

}  // namespace mi2::archive
