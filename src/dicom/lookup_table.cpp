#include "dicom/lookup_table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mi2::dicom {

std::uint16_t LookupTable::at(double value) const noexcept {
  const double index = std::floor(value + 0.5) - first;
  if (!(index > 0)) return entries.front();
  return entries[static_cast<std::size_t>(std::min(index, static_cast<double>(entries.size() - 1)))];
}

std::optional<LookupTable> read_table(const Item& item, Tag descriptor, Tag data, bool first_is_signed) {
  const std::vector<std::uint16_t> head = words(item, descriptor);
  std::vector<std::uint16_t> body = words(item, data);
  if (head.size() < 3 || body.empty()) return std::nullopt;
  LookupTable table;
  const std::size_t count = head[0] == 0 ? 65536 : head[0];
  table.first = first_is_signed ? static_cast<std::int16_t>(head[1]) : static_cast<std::int32_t>(head[1]);
  table.bits = head[2] >= 1 && head[2] <= 16 ? head[2] : 16;
  if (body.size() >= count) {
    body.resize(count);
    table.entries = std::move(body);
    return table;
  }
  if (body.size() != (count + 1) / 2) return std::nullopt;
  // Two 8-bit entries a word, the first in its low byte (PS3.3 C.11.1.1).
  table.bits = std::min(table.bits, 8U);
  table.entries.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    table.entries[i] = static_cast<std::uint16_t>(body[i / 2] >> (8 * (i % 2)) & 0xFFU);
  }
  return table;
}

unsigned real_bits(std::span<const LookupTable> tables) noexcept {
  unsigned said = 1;
  std::uint32_t highest = 0;
  bool high_bytes = true;  // each entry is a byte in the high half of a word, or in both
  for (const LookupTable& table : tables) {
    said = std::max(said, table.bits);
    for (const std::uint16_t entry : table.entries) {
      highest = std::max<std::uint32_t>(highest, entry);
      const unsigned low = entry & 0xFFU;
      high_bytes = high_bytes && (low == 0 || low == entry >> 8U);
    }
  }
  unsigned taken = 16;
  for (const unsigned bits : {14U, 12U, 10U, 8U}) {
    if (highest < 1U << bits) taken = bits;
  }
  if (highest < 1U << said) return std::min(said, taken);
  return high_bytes ? 16 : taken;
}

}  // namespace mi2::dicom
