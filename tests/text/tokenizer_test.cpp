#include "text/tokenizer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mi2/error.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "support/paths.hpp"

namespace mi2::text {
namespace {

const Tokenizer& builtin() {
  static const Tokenizer tokenizer;
  return tokenizer;
}

void expect_cases(const std::filesystem::path& path, std::size_t at_least) {
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

TEST(Tokenizer, AgreesWithEveryGoldenCase) { expect_cases(test::golden_data() / "tokenizer_cases.jsonl", 499); }
TEST(Tokenizer, AgreesWithTheReferenceOnDamagedText) { expect_cases(test::data_of("text") / "repairs.jsonl", 300); }

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
  for (const char* bad :
       {"secret \xFF", "secret \xC0\x80", "secret \xED\xA0\x80", "secret \xF4\x90\x80\x80", "secret \xE2\x82"}) {
    try {
      static_cast<void>(builtin().encode(bad));
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadArgument);
      EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos);
    }
  }
}

TEST(Tokenizer, ReadsAMegabyteWithoutASpace) { EXPECT_TRUE(builtin().encode(std::string(1'000'000, 'a')).truncated); }

TEST(Tokenizer, RefusesMoreThanAMebibyte) {
  EXPECT_NO_THROW(static_cast<void>(builtin().encode(std::string(1U << 20, 'a'))));
  EXPECT_THROW(static_cast<void>(builtin().encode(std::string((1U << 20) + 1, 'a'))), Error);
}

TEST(Tokenizer, GivesTextWithoutWordsNoTokens) {
  for (const char* text : {"", " \t\n", "\xC2\xA0", "\xEF\xBB\xBF"}) {
    const Tokens tokens = builtin().encode(text);
    EXPECT_EQ(tokens.ids, (std::vector<std::int32_t>{kStartId, kEndId}));
    EXPECT_FALSE(tokens.truncated);
  }
}

}  // namespace
}  // namespace mi2::text
