#pragma once
// Tokens, their ids and the merges that make them.

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mi2::text {

struct Merge {
  std::uint32_t rank = 0;  ///< lower is done first
  std::int32_t result = 0;
};

struct Vocabulary {
  std::array<std::int32_t, 256> byte_ids{};         ///< of a byte inside a word
  std::array<std::int32_t, 256> last_byte_ids{};    ///< of the last byte of a word
  std::unordered_map<std::uint64_t, Merge> merges;  ///< by pair_key

  static std::uint64_t pair_key(std::int32_t left, std::int32_t right) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
  }
};

/// The built-in vocabulary: 256 bytes, 256 bytes that end a word, 48894 merges, two special tokens.
Vocabulary builtin_vocabulary();

/// @throws Error{kBadFile}, {kTooLarge}; see Tokenizer.
Vocabulary read_vocabulary(std::string_view vocab_json, std::string_view merges_text, std::string_view name);

/// Byte-pair encoding of one word. Appends to `ids`, and stops once it holds `limit`.
void encode_word(const Vocabulary& vocabulary, std::string_view word, std::size_t limit,
                 std::vector<std::int32_t>& ids);

}  // namespace mi2::text
