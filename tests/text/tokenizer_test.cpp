#include "text/tokenizer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mi2/error.hpp>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "text/repair.hpp"

namespace mi2::text {
namespace {

const Tokenizer& builtin() {
  static const Tokenizer tokenizer;
  return tokenizer;
}

void expect_cases(const std::string& path, std::size_t at_least) {
  std::ifstream file(path);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto row = nlohmann::json::parse(line);
    EXPECT_EQ(builtin().encode(row.at("text").get<std::string>()).ids,
              row.at("input_ids").get<std::vector<std::int32_t>>())
        << path << ":" << count + 1;
  }
  EXPECT_GE(count, at_least);
}

Code code_of(const std::string& vocab, const std::string& merges) {
  try {
    const Tokenizer tokenizer(vocab, merges, "v");
  } catch (const Error& e) {
    return e.code();
  }
  return Code::kInternal;
}

TEST(Tokenizer, AgreesWithEveryGoldenCase) { expect_cases(MI2_GOLDEN_DIR "/tokenizer_cases.jsonl", 499); }
TEST(Tokenizer, AgreesWithTheReferenceOnDamagedText) { expect_cases(MI2_TEXT_DATA_DIR "/repairs.jsonl", 300); }

TEST(Tokenizer, KeepsTheEndTokenWhenItTruncates) {
  std::string text;
  for (int i = 0; i < 75; ++i) text += "a ";
  EXPECT_FALSE(builtin().encode(text).truncated);
  const Tokens cut = builtin().encode(text + "a");
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.ids.size(), 77U);
  EXPECT_EQ(cut.ids.back(), kEndId);
  EXPECT_EQ(builtin().encode("a b c", 2).ids, (std::vector<std::int32_t>{kStartId, kEndId}));
  EXPECT_THROW(static_cast<void>(builtin().encode("a", 1)), Error);
}

TEST(Tokenizer, RefusesInvalidUtf8WithoutQuotingIt) {
  for (const char* bad : {"secret \xFF", "secret \xC0\x80", "secret \xED\xA0\x80", "secret \xF4\x90\x80\x80", "secret \xE2\x82"}) {
    try {
      static_cast<void>(builtin().encode(bad));
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadArgument);
      EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos);
    }
  }
}

TEST(Tokenizer, ReadsTenMegabytesWithoutASpace) {
  EXPECT_TRUE(builtin().encode(std::string(10'000'000, 'a')).truncated);
}

TEST(Tokenizer, RefusesHostileVocabularies) {
  const std::string merges = "#version: 0.2\n";
  for (const char* vocab : {"", "[]", "{", "{\"a\": -1}", "{\"a\": 1.5}", "{\"a\": 49408}", "{\"a\": 1, \"b\": 1}",
                            "{\"a\": {\"b\": 1}}", "{\"a\": 1}", "{\"<|startoftext|>\": 1, \"<|endoftext|>\": 2}"}) {
    EXPECT_EQ(code_of(vocab, merges), Code::kBadFile) << vocab;
  }
  EXPECT_EQ(code_of(std::string(100'000, '['), merges), Code::kBadFile);
  EXPECT_EQ(code_of(std::string((16U << 20) + 1, ' '), merges), Code::kTooLarge);
}

TEST(Repair, EachKindChangesWhatItShould) {
  EXPECT_EQ(unescape_html(U"&lt;&EACUTE;&#x2019;&#59;&#0;&amp"), U"<\u00C9\u2019&#59;\uFFFD&amp");
  EXPECT_EQ(fix_latin_ligatures(U"\uFB03"), U"ffi");
  EXPECT_EQ(fix_character_width(U"\uFF21\u3000"), U"A ");
  EXPECT_EQ(uncurl_quotes(U"\u2018\u201D"), U"'\"");
  EXPECT_EQ(fix_line_breaks(U"a\r\nb\rc\u2028"), U"a\nb\nc\n");
  EXPECT_EQ(remove_terminal_escapes(U"\033[1;31mred"), U"red");
  EXPECT_EQ(remove_control_chars(U"a\u0007\uFEFF" U"b"), U"ab");
  EXPECT_EQ(fix_text(U"don\u00E2\u20AC\u2122t"), U"don't");
  EXPECT_EQ(fix_text(U"<b>\n&lt;"), U"<b>\n&lt;");
}

}  // namespace
}  // namespace mi2::text
