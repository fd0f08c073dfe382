#pragma once
// The texts of batches as tokens, each different text once.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ops/parameter.hpp"
#include "text/tokenizer.hpp"

namespace mi2::dataset {

/// Keeps a reference to its tokenizer. For one thread.
class TokenCache {
 public:
  /// @param context  tokens a text may have.
  TokenCache(const text::Tokenizer& tokenizer, int context) : tokenizer_(tokenizer), context_(context) {}

  /// One sequence a text, in order.      @throws Error{kBadArgument} for a text that is not UTF-8.
  ops::TokenBatch encode(std::span<const std::string> texts);

 private:
  const text::Tokenizer& tokenizer_;
  int context_;
  std::unordered_map<std::string, std::vector<std::int32_t>> ids_;
};

}  // namespace mi2::dataset
