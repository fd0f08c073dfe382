#include "base/json.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/expect_error.hpp"

namespace mi2::base {
namespace {

using test::expect_error;

TEST(Json, ReadsAWholeText) {
  const nlohmann::json value = parse_json(R"({"a": [1, {"a": null}], "b": {"a": "\u0000"}} )", {});
  EXPECT_EQ(value["a"][1]["a"], nullptr);
  EXPECT_EQ(value["b"]["a"], std::string(1, '\0'));
}

TEST(Json, RefusesANulAndWhatFollowsIt) {
  for (const std::string& text : {std::string("{}\0junk", 7), std::string("{}\0", 3), std::string("\0{}", 3),
                                  std::string("{\"a\": \"\0\"}", 10), std::string("[1,\0 2]", 7)}) {
    expect_error(Code::kBadArgument, {"body: not valid JSON at byte"}, [&] { parse_json(text, {}); });
    expect_error(Code::kBadFile, {"f: not valid JSON at byte"},
                 [&] { refuse_nul(text, {.name = "f", .fault = Code::kBadFile}); });
  }
}

TEST(Json, RefusesAKeyTwiceInOneObject) {
  for (const char* text :
       {R"({"a": 1, "a": 1})", R"([{"b": {"x": 1, "y": 2, "\u0078": 3}}])", R"({"": 1, "b": 2, "": 1})"}) {
    expect_error(Code::kBadArgument, {"of an object has the key of an earlier one"}, [&] { parse_json(text, {}); });
  }
}

/// An object of `count` different keys, then `last`.
std::string object_of(std::size_t count, std::string_view last) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("\"key {}\":0,", i);
  return text + std::string(last) + "}";
}

TEST(Json, ReadsManyKeysAndFindsTheOneThatIsThereTwice) {
  constexpr std::size_t kKeys = 200'000;
  const JsonRules rules{.max_values = 3 * kKeys};
  EXPECT_EQ(parse_json(object_of(kKeys, R"("other":0)"), rules).size(), kKeys + 1);
  for (const char* twice : {R"("key 0":0)", R"("key 100000":0)", R"("key 199999":0)"}) {
    expect_error(Code::kBadArgument, {"member 200001 of an object has the key of an earlier one"},
                 [&] { parse_json(object_of(kKeys, twice), rules); });
  }
}

TEST(Json, KeepsTheOrderOfMembersWhereThatIsAskedByTheSameRules) {
  EXPECT_EQ(parse_ordered_json(R"({"b": 1, "a": {"d": 2, "c": 3}})", {}).dump(), R"({"b":1,"a":{"d":2,"c":3}})");
  expect_error(Code::kBadArgument, {"member 3 of an object"},
               [] { parse_ordered_json(R"({"b": 1, "a": 2, "b": 1})", {}); });
  expect_error(Code::kBadFile, {"f: not valid JSON at byte 3"},
               [] { parse_ordered_json(std::string("{}\0", 3), {.name = "f", .fault = Code::kBadFile}); });
  expect_error(Code::kBadArgument, {"not valid JSON at byte"}, [] { parse_ordered_json("{} {}", {}); });
  expect_error(Code::kBadArgument, {"a number out of range"}, [] { parse_ordered_json("[1e999]", {}); });
  expect_error(Code::kBadArgument, {"nested deeper than 1"}, [] { parse_ordered_json("[[[]]]", {.max_depth = 1}); });
  expect_error(Code::kTooLarge, {"more than 4096 JSON values"},
               [] { parse_ordered_json(object_of(5000, R"("other":0)"), {}); });
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", " ", "{", "{} {}", "{}x", "[1,]", "nul", "\"\xE9\"", "1e999", "01", "{'a': 1}", "NaN"}) {
    expect_error(Code::kBadFile, {"f: not valid JSON"},
                 [&] { parse_json(text, {.name = "f", .fault = Code::kBadFile}); });
  }
}

TEST(Json, KeepsToItsLimits) {
  EXPECT_EQ(parse_json("[1,2,3]", {.max_values = 4}).size(), 3U);
  expect_error(Code::kTooLarge, {"more than 3 JSON values"}, [] { parse_json("[1,2,3]", {.max_values = 3}); });
  expect_error(Code::kBadArgument, {"nested deeper than 1"}, [] { parse_json("[[[]]]", {.max_depth = 1}); });
  expect_error(Code::kBadArgument, {"nested deeper"}, [] { parse_json(std::string(1'000'000, '['), {}); });
}

}  // namespace
}  // namespace mi2::base
