#pragma once
// The CLIP byte-pair tokenizer, with the text repairs of the reference.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::text {

inline constexpr std::int32_t kStartId = 49406;
inline constexpr std::int32_t kEndId = 49407;

struct Tokens {
  std::vector<std::int32_t> ids;  ///< start, the text, end; no padding
  bool truncated = false;         ///< whether the text had more tokens than the context
};

/// Immutable after construction; safe to use from several threads.
class Tokenizer {
 public:
  /// The vocabulary built into the program.
  Tokenizer();
  /// A model directory's own vocabulary.
  /// @param vocab_json   token -> id, as in vocab.json
  /// @param merges_text  as in merges.txt: a version line, then one pair per line
  /// @param name         what errors call the two
  /// @throws Error{kBadFile} if the two do not fit together or lack the special tokens.
  Tokenizer(std::string_view vocab_json, std::string_view merges_text, std::string_view name);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// UTF-8 -> ids, at most `context` of them, the last always the end token.
  /// @throws Error{kBadArgument} if the text is not valid UTF-8.
  [[nodiscard]] Tokens encode(std::string_view text, int context = 77) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;  ///< null: the vocabulary built into the program
};

}  // namespace mi2::text
