#include "archive/column.hpp"

#include <unordered_map>
#include <utility>

#include "base/table.hpp"

namespace mi2::archive {

Column::Column(Catalog& catalog, std::string_view field, std::uint64_t rows)
    : codes_(static_cast<std::size_t>(rows), 0) {
  std::unordered_map<std::string, std::uint32_t> known;
  std::unordered_map<std::string, std::uint32_t> in_small_letters;
  catalog.each_value(field, [&](std::uint64_t row, std::string value) {
    if (row >= codes_.size() || value.empty()) return;
    const auto [word, fresh] = known.try_emplace(std::move(value), static_cast<std::uint32_t>(words_.size()));
    codes_[static_cast<std::size_t>(row)] = word->second;
    if (!fresh) return;
    words_.push_back(word->first);
    same_.push_back(in_small_letters.try_emplace(base::lower_ascii(word->first), word->second).first->second);
  });
}

}  // namespace mi2::archive
