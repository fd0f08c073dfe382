#include "text/tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mi2/error.hpp>

#include "text/repair.hpp"
#include "text/unicode.hpp"
#include "text/utf8.hpp"
#include "text/vocabulary.hpp"

namespace mi2::text {
namespace {

/// Repairs and normal forms take some twenty bytes per byte of text.
constexpr std::size_t kMaxTextBytes = 1U << 20;
constexpr std::u32string_view kStart = U"<|startoftext|>";
constexpr std::u32string_view kEnd = U"<|endoftext|>";
constexpr std::u32string_view kSuffixes[] = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};

// Runs of white space become one space; none stay at the ends.
std::u32string clean_space(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (!is_space(c)) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Case-blind as the reference's pattern is: of what lower-casing leaves, only the long s is another form of a letter.
bool starts_with(std::u32string_view text, std::u32string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (text[i] != prefix[i] && !(prefix[i] == 's' && text[i] == 0x17F)) return false;
  }
  return true;
}

// What no word of the reference's pattern takes: spaces, and the iota subscript, which its case-blind negated class
// holds to be a letter and its letter class does not.
bool is_gap(char32_t c) { return is_space(c) || c == 0x345; }

enum class Kind { kGap, kLetter, kNumber, kOther };

Kind kind(char32_t c) {
  if (is_gap(c)) return Kind::kGap;
  if (is_letter(c)) return Kind::kLetter;
  return is_number(c) ? Kind::kNumber : Kind::kOther;
}

// Length of the word at the front of `text`, which is not empty and does not start with a gap.
std::size_t word_length(std::u32string_view text) {
  for (const auto special : {kStart, kEnd}) {
    if (starts_with(text, special)) return special.size();
  }
  for (const auto suffix : kSuffixes) {
    if (starts_with(text, suffix)) return suffix.size();
  }
  const Kind first = kind(text.front());
  std::size_t length = 1;
  while (first != Kind::kNumber && length < text.size() && kind(text[length]) == first) ++length;
  return length;
}

class Encoder {
 public:
  Encoder(const Vocabulary& vocabulary, std::size_t limit) : vocabulary_(vocabulary), limit_(limit) {}

  // Special tokens written in the text are themselves; what is between them is cleaned on its own.
  void add(std::u32string_view text) {
    while (!text.empty() && !full()) {
      const std::size_t start = text.find(kStart);
      const std::size_t end = text.find(kEnd);
      const std::size_t special = std::min(start, end);
      add_plain(text.substr(0, special));
      if (special == std::u32string_view::npos) return;
      if (!full()) ids.push_back(start < end ? kStartId : kEndId);
      text.remove_prefix(special + (start < end ? kStart : kEnd).size());
    }
  }

  std::vector<std::int32_t> ids;

 private:
  [[nodiscard]] bool full() const { return ids.size() >= limit_; }

  void add_plain(std::u32string_view raw) {
    const std::u32string clean = lower(clean_space(fix_text(raw)));
    std::u32string_view text = clean;
    std::string bytes;
    while (!text.empty() && !full()) {
      const std::size_t length = is_gap(text.front()) ? 0 : word_length(text);
      const std::u32string_view word = text.substr(0, length);
      text.remove_prefix(length == 0 ? 1 : length);
      if (word == kStart || word == kEnd) {
        ids.push_back(word == kStart ? kStartId : kEndId);
        continue;
      }
      bytes.clear();
      for (const char32_t c : word) append_utf8(bytes, c);
      encode_word(vocabulary_, bytes, limit_, ids);
    }
  }

  const Vocabulary& vocabulary_;
  std::size_t limit_;
};

}  // namespace

struct Tokenizer::Impl {
  Vocabulary vocabulary;
};

namespace {

/// Made when the first text comes: it takes longer than an image, and who has only images need not wait.
const Vocabulary& shared_vocabulary() {
  static const Vocabulary vocabulary = builtin_vocabulary();
  return vocabulary;
}

}  // namespace

Tokenizer::Tokenizer() = default;
Tokenizer::Tokenizer(std::string_view vocab_json, std::string_view merges_text, std::string_view name)
    : impl_(std::make_unique<const Impl>(Impl{read_vocabulary(vocab_json, merges_text, name)})) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokens Tokenizer::encode(std::string_view text, int context) const {
  if (context < 2)
    throw Error(Code::kBadArgument, fmt::format("text: expected a context of at least 2 tokens, got {}", context));
  if (text.size() > kMaxTextBytes) {
    throw Error(Code::kTooLarge, fmt::format("text: has {} bytes, at most {} are read", text.size(), kMaxTextBytes));
  }
  std::size_t bad = 0;
  const auto decoded = decode_utf8(text, Utf8Dialect::kStrict, &bad);
  if (!decoded) throw Error(Code::kBadArgument, fmt::format("text: not valid UTF-8 at byte {}", bad));
  const auto room = static_cast<std::size_t>(context) - 2;
  Encoder encoder(impl_ ? impl_->vocabulary : shared_vocabulary(), room + 1);
  encoder.add(*decoded);
  Tokens out{{kStartId}, encoder.ids.size() > room};
  if (out.truncated) encoder.ids.resize(room);
  out.ids.insert(out.ids.end(), encoder.ids.begin(), encoder.ids.end());
  out.ids.push_back(kEndId);
  return out;
}

}  // namespace mi2::text
