// A model directory's own vocabulary: the built-in one written out, and hostile ones.

#include "text/vocabulary.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <mi2/error.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/clip_vocabulary.hpp"
#include "support/paths.hpp"
#include "text/resources.hpp"
#include "text/tokenizer.hpp"
#include "text/utf8.hpp"

namespace mi2::text {
namespace {

using nlohmann::json;

// vocab.json of the built-in vocabulary, made here from its merges alone.
json vocab() {
  json out = json::object();
  int next = 0;
  for (const char* end : {"", "</w>"}) {
    for (char32_t c = '!'; c < 0x100 + 68; ++c) {
      if ((c > '~' && c < 0xA1) || c == 0xAD) continue;
      std::string token;
      append_utf8(token, c);
      out[token + end] = next++;
    }
  }
  std::istringstream merges{std::string(builtin_merges())};
  std::string left;
  std::string right;
  std::getline(merges, left);
  while (merges >> left >> right) out[left + right] = next++;
  out["<|startoftext|>"] = next++;
  out["<|endoftext|>"] = next++;
  return out;
}

const json& whole_vocab() {
  static const json made = vocab();
  return made;
}

struct Refusal {
  Code code = Code::kInternal;
  std::string message;
};

Refusal refusal(const std::string& vocab_json, const std::string& merges) {
  try {
    const Tokenizer tokenizer(vocab_json, merges, "folder/tokenizer");
  } catch (const Error& e) {
    return {e.code(), e.what()};
  }
  ADD_FAILURE() << "accepted";
  return {};
}

void expect_refused(const std::string& vocab_json, const std::string& merges, const std::string& why) {
  const Refusal found = refusal(vocab_json, merges);
  EXPECT_EQ(found.code, Code::kBadFile);
  EXPECT_TRUE(found.message.starts_with("folder/tokenizer: ")) << found.message;
  EXPECT_NE(found.message.find(why), std::string::npos) << found.message;
}

// The whole vocabulary after one change.
std::string changed(const std::function<void(json&)>& change) {
  json copy = whole_vocab();
  change(copy);
  return copy.dump();
}

TEST(Vocabulary, OfAModelDirectoryEqualsTheBuiltInOne) {
  ASSERT_EQ(whole_vocab().size(), static_cast<std::size_t>(base::kClipVocabulary));
  const Tokenizer own(whole_vocab().dump(), builtin_merges(), "v");
  const Tokenizer builtin;
  std::ifstream file(test::golden_data() / "tokenizer_cases.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto row = json::parse(line);
    const auto text = row.at("text").get<std::string>();
    const Tokens tokens = own.encode(text);
    EXPECT_EQ(tokens.ids, builtin.encode(text).ids) << "case " << count + 1;
    EXPECT_EQ(tokens.ids, row.at("input_ids").get<std::vector<std::int32_t>>()) << "case " << count + 1;
  }
  EXPECT_GE(count, 499U);
}

TEST(Vocabulary, MayHaveWindowsLineEndsInItsMerges) {
  const Tokenizer unix_ends(whole_vocab().dump(), "#version\ni n\nt h\n", "v");
  const Tokenizer windows_ends(whole_vocab().dump(), "#version\r\ni n\r\nt h\r\n", "v");
  EXPECT_EQ(unix_ends.encode("think").ids, windows_ends.encode("think").ids);
}

TEST(Vocabulary, MergesNothingWithoutMerges) {
  EXPECT_EQ(Tokenizer(whole_vocab().dump(), "", "v").encode("in").ids.size(), 4U);
  EXPECT_EQ(Tokenizer().encode("in").ids.size(), 3U);
}

TEST(Vocabulary, RefusesWhatIsNotAnObjectOfIds) {
  for (const char* text : {"", "{", "{\"a\": 1", "{\"a\": 1}}", "\xFF", "{\"\xFF\": 1}"}) {
    expect_refused(text, "", "not valid JSON");
  }
  for (const char* text : {"[]", "1", "null", "{\"a\": -1}", "{\"a\": 1.5}", "{\"a\": \"1\"}", "{\"a\": true}",
                           "{\"a\": {\"b\": 1}}", "{\"a\": [1]}"}) {
    expect_refused(text, "", "other things than tokens");
  }
  expect_refused(std::string(100'000, '['), "", "other things than tokens");
}

TEST(Vocabulary, RefusesIdsTheModelDoesNotKnowOrThatAreGivenTwice) {
  expect_refused("{\"a\": 49408}", "", "49408");
  expect_refused("{\"a\": 18446744073709551615}", "", "18446744073709551615");
  expect_refused("{\"a\": 1, \"b\": 1}", "", "two tokens");
  expect_refused("{\"a\": 1, \"a\": 2}", "", "twice");
}

TEST(Vocabulary, RefusesMissingOrMovedSpecialTokens) {
  expect_refused(changed([](json& v) { v.erase("<|startoftext|>"); }), "", "special token 1");
  expect_refused(changed([](json& v) { v.erase("<|endoftext|>"); }), "", "special token 2");
  expect_refused(changed([](json& v) { v.at("<|startoftext|>").swap(v.at("<|endoftext|>")); }), "", "49406 and 49407");
}

TEST(Vocabulary, RefusesAMissingByte) {
  expect_refused(changed([](json& v) { v.erase("a"); }), "", "byte 97");
  expect_refused(changed([](json& v) { v.erase("a</w>"); }), "", "final byte 97");
}

TEST(Vocabulary, RefusesMergesOfUnknownTokensAndLinesThatAreNoPairs) {
  const std::string sound = whole_vocab().dump();
  expect_refused(sound, "#version\ni n\nsecret n\n", "merges line 3");
  expect_refused(sound, "#version\n! \xC2\xA1\n", "merges line 2");  // both are known, what they make is not
  for (const char* merges : {"#v\nin\n", "#v\ni n t\n", "#v\ni n\n\nt h\n"}) {
    expect_refused(sound, merges, "not a pair");
  }
  EXPECT_EQ(refusal(sound, "#version\nsecret n\n").message.find("secret"), std::string::npos);
}

TEST(Vocabulary, RefusesFilesOfAbsurdSize) {
  const std::string huge((16U << 20) + 1, ' ');
  EXPECT_EQ(refusal(huge, "").code, Code::kTooLarge);
  EXPECT_EQ(refusal("{}", huge).code, Code::kTooLarge);
}

}  // namespace
}  // namespace mi2::text
