// Byte-pair encoding in time linear in the word, up to sorting: positions wait in a list per merge rank.

#include <algorithm>
#include <cstddef>
#include <map>

#include "text/vocabulary.hpp"

namespace mi2::text {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

class Merger {
 public:
  Merger(const Vocabulary& vocabulary, std::string_view word) : vocabulary_(vocabulary), symbols_(word.size()) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      const auto byte = static_cast<std::uint8_t>(word[i]);
      const bool last = i + 1 == word.size();
      symbols_[i] = {last ? vocabulary.last_byte_ids[byte] : vocabulary.byte_ids[byte],
                     i == 0 ? kNone : static_cast<std::uint32_t>(i - 1),
                     last ? kNone : static_cast<std::uint32_t>(i + 1)};
    }
    for (std::uint32_t i = 0; i + 1 < symbols_.size(); ++i) wait(i);
  }

  void run() {
    std::vector<std::uint32_t> created;
    while (!waiting_.empty()) {
      auto entry = waiting_.extract(waiting_.begin());
      std::vector<std::uint32_t>& positions = entry.mapped();
      if (!std::is_sorted(positions.begin(), positions.end())) std::sort(positions.begin(), positions.end());
      created.clear();
      for (const std::uint32_t at : positions) {
        if (merge(at, entry.key())) created.push_back(at);
      }
      // All places of one pair are merged, left to right, before any pair this makes is looked at.
      for (const std::uint32_t at : created) {
        wait(at);
        if (symbols_[at].previous != kNone) wait(symbols_[at].previous);
      }
    }
  }

  void append(std::size_t limit, std::vector<std::int32_t>& ids) const {
    for (std::uint32_t i = 0; i != kNone && ids.size() < limit; i = symbols_[i].next) ids.push_back(symbols_[i].id);
  }

 private:
  struct Symbol {
    std::int32_t id = -1;  // -1: absorbed by the one before it
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
  };

  const Merge* merge_at(std::uint32_t at) const {
    const Symbol& left = symbols_[at];
    if (left.id < 0 || left.next == kNone) return nullptr;
    const auto found = vocabulary_.merges.find(Vocabulary::pair_key(left.id, symbols_[left.next].id));
    return found == vocabulary_.merges.end() ? nullptr : &found->second;
  }

  void wait(std::uint32_t at) {
    if (const Merge* found = merge_at(at)) waiting_[found->rank].push_back(at);
  }

  // Merges the pair at `at` unless an earlier merge has changed it.
  bool merge(std::uint32_t at, std::uint32_t rank) {
    const Merge* found = merge_at(at);
    if (found == nullptr || found->rank != rank) return false;
    Symbol& left = symbols_[at];
    Symbol& right = symbols_[left.next];
    left.id = found->result;
    right.id = -1;
    left.next = right.next;
    if (left.next != kNone) symbols_[left.next].previous = at;
    return true;
  }

  const Vocabulary& vocabulary_;
  std::vector<Symbol> symbols_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> waiting_;
};

}  // namespace

void encode_word(const Vocabulary& vocabulary, std::string_view word, std::size_t limit,
                 std::vector<std::int32_t>& ids) {
  if (word.empty()) return;
  Merger merger(vocabulary, word);
  merger.run();
  merger.append(limit, ids);
}

}  // namespace mi2::text
