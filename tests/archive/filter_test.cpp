// EXPR: what is read, refused, printed, and bound as SQL.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "archive/filter/filter.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive::filter {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kExample =
    "modality in (CT,MR) and body_part~chest and date>=2020-01-01 and not site=B and label.finding=pneumonia";

TEST(Filter, ReadsTheExampleOfTheManual) {
  const Expr expr = parse(kExample);
  ASSERT_EQ(expr.kind, Kind::kAnd);
  ASSERT_EQ(expr.parts.size(), 5U);
  EXPECT_EQ(expr.parts[0].field, "modality");
  EXPECT_EQ(expr.parts[0].op, Op::kIn);
  EXPECT_THAT(expr.parts[0].values, ::testing::ElementsAre("CT", "MR"));
  EXPECT_EQ(expr.parts[1].op, Op::kContains);
  EXPECT_EQ(expr.parts[2].op, Op::kGreaterEqual);
  EXPECT_EQ(expr.parts[3].kind, Kind::kNot);
  EXPECT_EQ(expr.parts[4].field, "label");
  EXPECT_EQ(expr.parts[4].key, "finding");
  EXPECT_EQ(to_text(expr), kExample);
}

TEST(Filter, OrBindsLessThanAndAndNotMost) {
  EXPECT_EQ(parse("not site=a and sex=F or sex=M"), parse("((not site=a) and sex=F) or sex=M"));
  EXPECT_NE(parse("sex=F and (site=a or site=b)"), parse("sex=F and site=a or site=b"));
  EXPECT_EQ(parse("sex=F and (site=a and site=b)"), parse("sex=F and site=a and site=b"));
}

TEST(Filter, ReadsWordsInAnyCaseAndValuesAsTheyAre) {
  EXPECT_EQ(to_text(parse(" MODALITY\tIn ( 'CT' , \"MR\")\nAND NOT Site = B ")), "modality in (CT,MR) and not site=B");
  EXPECT_EQ(to_text(parse("site=and or site=not")), "site=and or site=not");
  EXPECT_EQ(to_text(parse(R"(site="a \"b\" (c), \\d" and station='it\'s')")),
            R"(site="a \"b\" (c), \\d" and station="it's")");
  EXPECT_EQ(to_text(parse("label.Finding.Sub=X")), "label.Finding.Sub=X");
  EXPECT_EQ(to_text(parse("modality not in (CT)")), "modality not in (CT)");
  EXPECT_EQ(to_text(parse("study=1.2.840.113619.2 or site=\"\"")), "study=1.2.840.113619.2 or site=\"\"");
  EXPECT_EQ(to_text(parse("site=Z\xC3\xBCrich")), "site=Z\xC3\xBCrich");
}

TEST(Filter, NumbersAndDatesHaveOneForm) {
  EXPECT_EQ(to_text(parse("kvp>=1.20e2")), "kvp>=120");
  EXPECT_EQ(to_text(parse("date=20200229")), "date=2020-02-29");
  EXPECT_EQ(to_text(parse("date<2020-05 and date>2019")), "date<2020-05 and date>2019");
}

TEST(Filter, WhatIsPrintedReadsBack) {
  for (const std::string_view text : {"not not sex=F", "not (sex=F and site=a)", "not (sex=F or site=a) and kvp!=1",
                                      "(site=a or site=b) and (sex=F or sex=M)", "not site in (a,'b c')",
                                      "position<-1.5 or thickness<=1e-7", "label.a!=b or label.a~'%_'"}) {
    const Expr expr = parse(text);
    EXPECT_EQ(parse(to_text(expr)), expr) << text;
    EXPECT_EQ(from_json(to_json(expr)), expr) << text;
  }
}

TEST(Filter, StudiesThatAreLeftOutAreAFilterThatReadsBack) {
  EXPECT_EQ(to_text(without_studies(nullptr, {"1.2"}, "x")), "not study=1.2");
  const Expr where = parse("site=A or site=B");
  const Expr left = without_studies(&where, {"1.2", "1.3 b"}, "x");
  EXPECT_THAT(to_text(left), ::testing::StartsWith("(site=A or site=B) and not study in (1.2,"));
  EXPECT_EQ(left, parse(to_text(left)));
  test::expect_error(Code::kBadArgument, {"x: expected"}, [] { static_cast<void>(without_studies(nullptr, {}, "x")); });
  test::expect_error(Code::kBadArgument, {"x: expected"}, [&] {
    static_cast<void>(without_studies(&where, {"1.2", ""}, "x"));
  });
  const std::vector<std::string> many(kMaxValues + 1, "1.2");
  test::expect_error(Code::kTooLarge, {"1000"}, [&] { static_cast<void>(without_studies(nullptr, many, "x")); });
}

TEST(Filter, AnUnknownFieldNamesTheNearest) {
  test::expect_error(Code::kBadArgument, {"byte 11", "did you mean modality?"}, [] { parse("sex=F and modalty=CT"); });
  test::expect_error(Code::kBadArgument, {"expected one of modality, body_part"}, [] { parse("xyzzyx=CT"); });
  test::expect_error(Code::kBadArgument, {"label.finding"}, [] { parse("label=x"); });
  test::expect_error(Code::kBadArgument, {"sex has no keys"}, [] { parse("sex.a=x"); });
}

TEST(Filter, ErrorsNameThePlaceAndNeverTheText) {
  const auto refused = [](std::string_view text, const std::string& words) {
    const Error error = test::error_of([&] { return parse(text); });
    EXPECT_EQ(error.code(), Code::kBadArgument) << text;
    EXPECT_THAT(error.what(), HasSubstr(words)) << text;
    EXPECT_THAT(error.what(), Not(HasSubstr("Smith"))) << text;
  };
  refused("", "byte 1: expected a field");
  refused("sex=F and", "byte 10: expected a field");
  refused("Smith=1", "byte 1: unknown field");
  refused("sex Smith", "byte 5: expected =");
  refused("sex=", "byte 5: expected a value");
  refused("sex=F Smith", "byte 7: expected and, or or the end");
  refused("(sex=F", "byte 7: expected and, or or )");
  refused("sex=F)", "byte 6: expected and, or or the end");
  refused("sex in F", "byte 8: expected (");
  refused("sex in ()", "byte 9: expected a value");
  refused("sex in (F,)", "byte 11: expected a value");
  refused("sex in (F", "byte 10: expected , or )");
  refused("sex not F", "byte 9: expected in");
  refused("sex=\"Smith", "byte 5: expected a quote to be closed");
  refused("sex=\"Smith\\n\"", "byte 12: expected a quote or a backslash");
  refused("sex==F", "byte 5: expected a value");
  refused("sex=F & sex=M", "byte 7: expected and");
  refused("sex!F", "byte 4: expected a word");
  refused("kvp=Smith", "byte 5: expected a number");
  refused("kvp=1x", "byte 5: expected a number");
  refused("kvp=inf", "byte 5: expected a number");
  refused("kvp=1e999", "byte 5: expected a number");
  refused("kvp~1", "not compared with ~");
  refused("sex<F", "not compared with <");
  refused("label.a>=1", "not compared with >=");
  refused("date=Smith", "byte 6: expected a date");
  for (const char* date :
       {"2021-02-29", "2020-13", "2020-00-01", "0000", "2020-1-1", "20201301", "2020-05-32", "-2020"}) {
    refused(std::string("date=") + date, "expected a date");
  }
  refused(std::string("sex=F\0", 6), "byte 6");
  refused("sex=\"a\tb\"", "control characters");
  refused("sex=\xFF", "byte 5: expected UTF-8");
}

TEST(Filter, LimitsAreKept) {
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
  };
  const auto too_large = [](const std::string& text) {
    test::expect_error(Code::kTooLarge, {"filter"}, [&] { parse(text); });
  };
  parse(repeated("(", kMaxDepth) + "sex=F" + repeated(")", kMaxDepth));
  too_large(repeated("(", kMaxDepth + 1) + "sex=F" + repeated(")", kMaxDepth + 1));
  too_large(repeated("(", 30000));
  parse(repeated("not ", kMaxDepth) + "sex=F");
  too_large(repeated("not ", kMaxDepth + 1) + "sex=F");
  parse("sex=F" + repeated(" or sex=F", kMaxNodes - 2));
  too_large("sex=F" + repeated(" or sex=F", kMaxNodes));
  parse("sex in (F" + repeated(",F", kMaxValues - 1) + ")");
  too_large("sex in (F" + repeated(",F", kMaxValues) + ")");
  parse("sex=" + std::string(kMaxValueBytes, 'x'));
  too_large("sex=" + std::string(kMaxValueBytes + 1, 'x'));
  too_large("sex=F" + std::string(kMaxText, ' '));
  nlohmann::json deep = "sex=F";
  for (std::size_t i = 0; i <= kMaxDepth; ++i) deep = {{"not", deep}};
  test::expect_error(Code::kTooLarge, {"filter"}, [&] { from_json(deep); });
  nlohmann::json wide = {{"or", nlohmann::json::array()}};
  for (std::size_t i = 0; i < kMaxNodes; ++i) wide["or"].push_back("sex=F");
  test::expect_error(Code::kTooLarge, {"filter"}, [&] { from_json(wide); });
}

TEST(FilterJson, ReadsTreesAndExpressions) {
  const auto tree = nlohmann::json::parse(R"({"and": [
      {"field": "modality", "op": "in", "value": ["CT", "MR"]}, {"field": "body_part", "op": "~", "value": "chest"},
      {"field": "date", "op": ">=", "value": "2020-01-01"}, {"not": {"field": "site", "value": "B"}},
      {"field": "label.finding", "op": "=", "value": "pneumonia"}]})");
  EXPECT_EQ(to_text(from_json(tree)), kExample);
  EXPECT_EQ(to_text(from_json(nlohmann::json(kExample))), kExample);
  EXPECT_EQ(
      to_text(from_json(nlohmann::json::parse(R"({"or": ["sex=F", {"field": "kvp", "op": "<", "value": 80.5}]})"))),
      "sex=F or kvp<80.5");
  EXPECT_EQ(to_text(from_json(nlohmann::json::parse(R"({"field": "date", "value": 2020})"))), "date=2020");
}

TEST(FilterJson, ErrorsNameThePlaceInTheTree) {
  const auto refused = [](const char* text, const std::string& words) {
    test::expect_error(Code::kBadArgument, {words}, [&] { from_json(nlohmann::json::parse(text)); });
  };
  refused("5", "expected an object or an expression");
  refused("{}", "expected one of");
  refused(R"({"and": []})", "filter.and: expected a list that is not empty");
  refused(R"({"and": {}})", "filter.and");
  refused(R"({"xor": []})", R"(expected "and")");
  refused(R"({"and": ["sex=F"], "or": ["sex=F"]})", "expected one of");
  refused(R"({"and": ["sex=F", {"field": "modalty", "value": "CT"}]})", "filter.and[1].field: unknown field");
  refused(R"({"not": {"field": "sex", "value": "F", "and": []}})", "filter.not: expected nothing but");
  refused(R"({"field": 1, "value": "F"})", "filter.field");
  refused(R"({"field": "sex"})", R"(expected a "value")");
  refused(R"({"field": "sex", "op": "==", "value": "F"})", "filter.op");
  refused(R"({"field": "sex", "op": "in", "value": "F"})", "filter.value");
  refused(R"({"field": "sex", "value": ["F"]})", "filter.value: expected a string or a number");
  refused(R"({"field": "sex", "value": null})", "filter.value");
  refused(R"({"field": "sex", "value": true})", "filter.value");
  refused(R"({"field": "label.a=b", "value": "F"})", "label.KEY");
}

constexpr std::array kColumns{
    Column{"modality", "series.modality"},
    Column{"body_part", "series.body_part"},
    Column{"kvp", "series.kvp"},
    Column{"date", "study.date"},
    Column{"label", "label.value", "EXISTS (SELECT 1 FROM label WHERE label.item = item.id AND label.key = ? AND @)"},
};

TEST(FilterSql, EveryValueIsAParameter) {
  const Bound bound = filter::bind(parse("modality in (CT,MR) and not label.finding~\"50%_\\\\\""), kColumns);
  EXPECT_EQ(
      bound.sql,
      "((COALESCE((lower(series.modality) IN (lower(?), lower(?))), FALSE)) AND (NOT (COALESCE(EXISTS (SELECT 1 FROM "
      "label WHERE label.item = item.id AND label.key = ? AND (lower(label.value) LIKE lower(?) ESCAPE '\\')), "
      "FALSE))))");
  EXPECT_THAT(bound.parameters, ::testing::ElementsAre(Parameter("CT"), Parameter("MR"), Parameter("finding"),
                                                       Parameter("%50\\%\\_\\\\%")));
}

TEST(FilterSql, ADateIsAllOfItsDays) {
  const auto parameters = [](const char* text) {
    const Bound bound = filter::bind(parse(text), kColumns);
    std::vector<std::string> texts;
    for (const Parameter& parameter : bound.parameters) texts.push_back(std::get<std::string>(parameter));
    return texts;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(parameters("date=2020"), ElementsAre("2020-01-01", "2020-12-31"));
  EXPECT_THAT(parameters("date!=2020-02"), ElementsAre("2020-02-01", "2020-02-29"));
  EXPECT_THAT(parameters("date=2100-02"), ElementsAre("2100-02-01", "2100-02-28"));
  EXPECT_THAT(parameters("date in (2019,2020-05-17)"),
              ElementsAre("2019-01-01", "2019-12-31", "2020-05-17", "2020-05-17"));
  EXPECT_THAT(parameters("date>2020"), ElementsAre("2020-12-31"));
  EXPECT_THAT(parameters("date>=2020"), ElementsAre("2020-01-01"));
  EXPECT_THAT(parameters("date<2020"), ElementsAre("2020-01-01"));
  EXPECT_THAT(parameters("date<=2020-04"), ElementsAre("2020-04-30"));
}

TEST(FilterSql, NegativeOperatorsAreTheOppositeOfTheOthers) {
  EXPECT_EQ(filter::bind(parse("modality!=CT"), kColumns).sql,
            "(NOT COALESCE((lower(series.modality) IN (lower(?))), FALSE))");
  EXPECT_EQ(filter::bind(parse("kvp not in (80,100)"), kColumns).sql, "(NOT COALESCE((series.kvp IN (?, ?)), FALSE))");
  EXPECT_THAT(filter::bind(parse("kvp<80.5"), kColumns).parameters, ::testing::ElementsAre(Parameter(80.5)));
}

TEST(FilterSql, AFieldWithoutAColumnIsRefused) {
  test::expect_error(Code::kUnsupported, {"station"}, [] { filter::bind(parse("station=x"), kColumns); });
}

TEST(Filter, EveryFieldCanBeAskedFor) {
  for (const Field& field : fields()) {
    std::string text(field.name);
    if (field.kind == FieldKind::kKeyed) text += ".key";
    text += field.kind == FieldKind::kText || field.kind == FieldKind::kKeyed ? "~a" : ">=2000";
    EXPECT_EQ(to_text(parse(text)), text);
    EXPECT_FALSE(field.meaning.empty());
  }
}

/// Of something with a modality, a date and a voltage, and nothing else.
bool lets(std::string_view text) {
  return lets_by(parse(text), [](const Expr& compare) -> Value {
    if (compare.field == "modality") return std::string("Ct_1");
    if (compare.field == "date") return std::string("2020-02-29");
    if (compare.field == "kvp") return 120.0;
    return {};
  });
}

TEST(Filter, LetsByWhatItsConditionWould) {
  for (const char* const text : {"modality=ct_1",
                                 "modality in (x,CT_1)",
                                 "modality~T_",
                                 "modality!=CT",
                                 "modality not in (CT,MR)",
                                 "date=2020",
                                 "date=2020-02",
                                 "date>=2020-02-29",
                                 "date<=2020-02",
                                 "date<2020-03",
                                 "date>2019",
                                 "date in (2019,2020)",
                                 "kvp=120",
                                 "kvp!=80",
                                 "kvp>119.5",
                                 "kvp<=120",
                                 "kvp in (80,120)",
                                 "not site=B",
                                 "site!=B",
                                 "site not in (B)",
                                 "not (site=B or thickness<5)",
                                 "site=B or modality=CT_1"}) {
    EXPECT_TRUE(lets(text)) << text;
  }
  for (const char* const text : {"modality=ct",
                                 "modality~C%",
                                 "modality~CT__",
                                 "modality not in (CT_1)",
                                 "date!=2020",
                                 "date<2020-02-29",
                                 "date>2020-02",
                                 "date<2020",
                                 "date>=2020-03",
                                 "kvp<120",
                                 "kvp>120",
                                 "kvp not in (120)",
                                 "site=B",
                                 "site~B",
                                 "thickness<5",
                                 "thickness>=0",
                                 "birth_year in (1950,1960)",
                                 "label.finding=x",
                                 "not modality=CT_1",
                                 "site=B and modality=CT_1"}) {
    EXPECT_FALSE(lets(text)) << text;
  }
}

}  // namespace
}  // namespace mi2::archive::filter
