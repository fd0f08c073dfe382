#include "dataset/token_cache.hpp"

namespace mi2::dataset {
namespace {

/// Data whose texts are all different must not fill the memory: about 50 MB at most.
constexpr std::size_t kMaxTexts = 100'000;

}  // namespace

ops::TokenBatch TokenCache::encode(std::span<const std::string> texts) {
  ops::TokenBatch batch;
  for (const std::string& text : texts) {
    auto known = ids_.find(text);
    if (known == ids_.end()) {
      if (ids_.size() >= kMaxTexts) ids_.clear();
      known = ids_.emplace(text, tokenizer_.encode(text, context_).ids).first;
    }
    batch.add(known->second);
  }
  return batch;
}

}  // namespace mi2::dataset
