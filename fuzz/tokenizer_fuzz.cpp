// Any bytes as a text, as a whole vocabulary (vocab.json, then merges.txt after a zero byte), and as the merges of a
// vocabulary that is otherwise sound.

#include <cstddef>
#include <cstdint>
#include <mi2/error.hpp>
#include <string>
#include <string_view>

#include "text/tokenizer.hpp"
#include "text/utf8.hpp"

namespace {

using mi2::text::Tokenizer;

// The bytes, the bytes that end a word, a few tokens for merges to make, the special tokens.
std::string sound_vocabulary() {
  std::string json = "{";
  int next = 0;
  const auto add = [&](const std::string& token, int id) { json += "\"" + token + "\":" + std::to_string(id) + ","; };
  for (const char* end : {"", "</w>"}) {
    for (char32_t c = '!'; c < 0x144; ++c) {
      if ((c >= 0x7F && c <= 0xA0) || c == 0xAD) continue;
      std::string token = c == '"' || c == '\\' ? "\\" : "";
      mi2::text::append_utf8(token, c);
      add(token + end, next++);
    }
  }
  for (const char* token : {"in", "th", "aa", "aaa", "aaaa", "aa</w>", "the</w>"}) add(token, next++);
  add("<|startoftext|>", mi2::text::kStartId);
  add("<|endoftext|>", mi2::text::kEndId);
  json.back() = '}';
  return json;
}

void encode(const Tokenizer& tokenizer, std::string_view text) {
  const mi2::text::Tokens tokens = tokenizer.encode(text);
  if (tokens.ids.size() > 77 || tokens.ids.front() != mi2::text::kStartId || tokens.ids.back() != mi2::text::kEndId) {
    __builtin_trap();
  }
}

template <typename Use>
void attempt(Use use) {
  try {
    use();
  } catch (const mi2::Error&) {
    // What a hostile input is refused with.
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tokenizer tokenizer;
  static const std::string vocabulary = sound_vocabulary();
  static const Tokenizer sound(vocabulary, "#version\ni n\n", "vocabulary");  // throws, and so fails, if it is not
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  attempt([&] { encode(tokenizer, bytes); });
  // Vocabularies are slow to build, so only of what starts like one.
  if (bytes.starts_with('{')) {
    const std::size_t json = bytes.find('\0');
    const std::string_view merges = json == std::string_view::npos ? std::string_view() : bytes.substr(json + 1);
    attempt([&] { encode(Tokenizer(bytes.substr(0, json), merges, "vocabulary"), "in the"); });
  }
  if (bytes.starts_with('#'))
    attempt([&] { encode(Tokenizer(vocabulary, bytes, "vocabulary"), "in the aaaaaaaaaaa"); });
  return 0;
}
