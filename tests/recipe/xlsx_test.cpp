#include "recipe/xlsx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipe/xlsx_cells.hpp"
#include "support/expect_error.hpp"
#include "workbook.hpp"

namespace mi2::recipe::testing {
namespace {

using test::expect_error;
using ::testing::ElementsAre;

base::CsvTable table_of(const Parts& parts) { return parse_xlsx(zipped(parts), "book.xlsx"); }

void expect_refused(const Parts& parts, Code code, const std::vector<std::string>& words) {
  expect_error(code, words, [&] { table_of(parts); });
}

TEST(Xlsx, ReadsEveryKindOfCell) {
  const base::CsvTable table = table_of(workbook(
      R"(<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>in line</t></is></c></row>)"
      R"(<row r="2"><c r="A2"><v>24</v></c><c r="B2"><v>131.5</v></c></row>)"
      R"(<row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3" t="b"><v>0</v></c></row>)"
      R"(<row r="4"><c r="A4" t="str"><f>A1&amp;"x"</f><v>computed</v></c><c r="B4"><f>1+1</f><v>2</v></c></row>)"
      R"(<row r="5"><c r="A5" t="e"><v>#N/A</v></c><c r="B5" s="3"/></row>)",
      "<si><t>shared</t></si>"));
  EXPECT_THAT(table.header, ElementsAre("shared", "in line"));
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("24", "131.5"));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("TRUE", "FALSE"));
  EXPECT_THAT(table.rows[2].fields, ElementsAre("computed", "2"));
  EXPECT_THAT(table.rows[3].fields, ElementsAre("#N/A", ""));
}

TEST(Xlsx, KeepsGapsAndEmptyCellsAndNumbersRowsAsTheSheetDoes) {
  const base::CsvTable table =
      table_of(workbook(R"(<row r="1"/><row r="3"><c r="A3"><v>1</v></c><c r="C3"><v>3</v></c></row>)"
                        R"(<row r="7"><c r="C7"><v>5</v></c><c><v>6</v></c></row>)"
                        R"(<row><c><v>8</v></c></row><row r="9"><c r="B9" t="str"><v/></c></row>)"));
  EXPECT_THAT(table.header, ElementsAre("1", "(column B)", "3", "(column D)"));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0].line, 7U);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("", "", "5", "6"));
  EXPECT_EQ(table.rows[1].line, 8U);
  EXPECT_THAT(table.rows[1].fields, ElementsAre("8", "", "", ""));
}

TEST(Xlsx, JoinsTheRunsOfRichTextAndLeavesFuriganaOut) {
  const base::CsvTable table = table_of(workbook(
      R"(<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c></row>)",
      R"(<si><r><t>left</t></r><r><rPr><b/></rPr><t xml:space="preserve"> </t></r><r><t>right</t></r></si>)"
      "<si><t>a_x000D_b_x005F_x0041_c_xZZZZ_</t></si><si><t>word</t><rPh sb=\"0\" eb=\"1\"><t>sound</t></rPh></si>"));
  EXPECT_THAT(table.header, ElementsAre("left right", "a\rb_x0041_c_xZZZZ_", "word"));
}

TEST(Xlsx, TakesTheFirstSheetOfCellsAndAnyPrefix) {
  Parts parts = workbook("");
  parts["xl/workbook.xml"] =
      R"(<x:workbook xmlns:x="urn:x" xmlns:rel="urn:r"><x:sheets><x:sheet rel:id="c"/><x:sheet rel:id="s"/></x:sheets></x:workbook>)";
  parts["xl/_rels/workbook.xml.rels"] =
      relations(relation("c", "chartsheet", "charts/c.xml") +
                relation("s", "worksheet", "/xl/worksheets/../worksheets/sheet1.xml"));
  parts["xl/worksheets/../worksheets/sheet1.xml"] =
      R"(<x:worksheet xmlns:x="urn:x"><x:sheetData><x:row><x:c><x:v>1E2</x:v></x:c></x:row></x:sheetData></x:worksheet>)";
  EXPECT_THAT(table_of(parts).header, ElementsAre("100"));
}

TEST(Xlsx, FindsPartsInAnyCaseOfTheirNames) {
  Parts parts = workbook("<row><c><v>1</v></c></row>");
  parts["XL/Worksheets/Sheet1.XML"] = parts["xl/worksheets/sheet1.xml"];
  parts.erase("xl/worksheets/sheet1.xml");
  EXPECT_THAT(table_of(parts).header, ElementsAre("1"));
}

TEST(Xlsx, PrintsNumbersAsTheyAreWorth) {
  EXPECT_EQ(plain_number("24"), "24");
  EXPECT_EQ(plain_number("24.0"), "24");
  EXPECT_EQ(plain_number("131.50"), "131.5");
  EXPECT_EQ(plain_number("1.1000000000000001"), "1.1");
  EXPECT_EQ(plain_number("100000"), "100000");
  EXPECT_EQ(plain_number("-0"), "0");
  EXPECT_EQ(plain_number("1E-3"), "0.001");
  EXPECT_EQ(plain_number("1e300"), "1e+300");
  EXPECT_EQ(plain_number("nan"), std::nullopt);
  EXPECT_EQ(plain_number("1e999"), std::nullopt);
  EXPECT_EQ(plain_number("1,5"), std::nullopt);
}

TEST(Xlsx, KnowsPlacesOfCells) {
  const auto place = parse_place("XFD1048576");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->column, 16383U);
  EXPECT_EQ(place->row, 1048576U);
  EXPECT_EQ(column_letters(0), "A");
  EXPECT_EQ(column_letters(26), "AA");
  EXPECT_EQ(column_letters(16383), "XFD");
  for (const char* wrong : {"", "A", "5", "A0", "XFE1", "A1048577", "AAAA1", "a1", "A1B", "$A$1", "A-1"}) {
    EXPECT_FALSE(parse_place(wrong)) << wrong;
  }
}

TEST(Xlsx, RefusesCellsThatAreNotWhatTheySay) {
  const Code bad = Code::kBadFile;
  expect_refused(workbook(R"(<row><c t="s"><v>0</v></c></row>)"), bad, {"book.xlsx", "cell A1", "value of its type"});
  expect_refused(workbook(R"(<row><c t="s"><v>-1</v></c></row>)", "<si/>"), bad, {"cell A1"});
  expect_refused(workbook(R"(<row r="2"><c r="B2"><v>secret</v></c></row>)"), bad, {"cell B2"});
  expect_refused(workbook(R"(<row><c t="b"><v>2</v></c></row>)"), bad, {"cell A1"});
  expect_refused(workbook(R"(<row><c t="zz"><v>2</v></c></row>)"), bad, {"cell A1"});
  expect_refused(workbook(R"(<row r="2"><c r="B3"><v>1</v></c></row>)"), bad, {"row 2"});
  expect_refused(workbook(R"(<row r="2"><c r="B2"/><c r="A2"/></row>)"), bad, {"row 2", "order"});
  expect_refused(workbook(R"(<row r="2"/><row r="2"/>)"), bad, {"row 2 stands after row 2"});
  expect_refused(workbook(R"(<row r="0"/>)"), bad, {"number of a row"});
  expect_refused(workbook(""), bad, {"without a value"});
}

TEST(Xlsx, RefusesDocumentTypesAndEntities) {
  Parts parts = workbook("<row><c><v>1</v></c></row>");
  const std::string sheet = parts["xl/worksheets/sheet1.xml"];
  parts["xl/worksheets/sheet1.xml"] = "<!DOCTYPE x [<!ENTITY a \"b\">]>" + sheet;
  expect_refused(parts, Code::kBadFile, {"sheet1.xml", "document type"});
  expect_refused(workbook("<row><c t=\"str\"><v>&file;</v></c></row>"), Code::kBadFile, {"entity"});
  expect_refused(workbook("<row><c t=\"&file;\"/></row>"), Code::kBadFile, {"entity"});
  parts["xl/worksheets/sheet1.xml"] = std::string("\xFF\xFE<\0a\0", 6);
  expect_refused(parts, Code::kBadFile, {"UTF-8"});
}

TEST(Xlsx, RefusesWhatIsNoWorkbookByWords) {
  const auto refused = [](std::string_view bytes, Code code, const std::string& word) {
    expect_error(code, {"book.xlsx", word}, [&] { parse_xlsx(std::as_bytes(std::span(bytes)), "book.xlsx"); });
  };
  refused("", Code::kBadFile, "expected a zip");
  refused("id,age\n1,2\n", Code::kBadFile, "expected a zip");
  refused("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....", Code::kUnsupported, "password");
  refused("PK\x03\x04 and no more", Code::kBadFile, "zip archive");
  expect_refused({{"word/document.xml", "<a/>"}}, Code::kBadFile, {"no .xlsx"});
  expect_refused({{"mimetype", "x"}, {"content.xml", "<a/>"}}, Code::kUnsupported, {"OpenDocument"});
  Parts parts = workbook("");
  parts["_rels/.rels"] = relations(relation("a", "officeDocument", "xl/workbook.bin"));
  expect_refused(parts, Code::kUnsupported, {".xlsb"});
  parts = workbook("");
  parts.erase("xl/worksheets/sheet1.xml");
  expect_refused(parts, Code::kBadFile, {"lacks its part 'xl/worksheets/sheet1.xml'"});
}

TEST(Xlsx, IsBounded) {
  // A few bytes that unpack to many.
  Parts parts = workbook("");
  parts["xl/worksheets/sheet1.xml"] = std::string((64U << 20) + 1, ' ');
  expect_refused(parts, Code::kTooLarge, {"book.xlsx: xl/worksheets/sheet1.xml: ", "the limit is"});
  // Few cells in a wide and high sheet.
  std::string rows;
  for (int i = 1; i <= 300; ++i)
    rows += "<row r=\"" + std::to_string(i) + "\"><c r=\"XFD" + std::to_string(i) + "\"><v>1</v></c></row>";
  expect_refused(workbook(rows), Code::kTooLarge, {"300 rows of 16384 columns"});
  // One long text that every cell names.
  std::string cells = "<row>";
  for (int i = 0; i < 100; ++i) cells += "<c t=\"s\"><v>0</v></c>";
  expect_refused(workbook(cells + "</row>", "<si><t>" + std::string(1U << 20, 'x') + "</t></si>"), Code::kTooLarge,
                 {"cell BM1", "bytes of text"});
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  expect_refused(workbook(deep), Code::kTooLarge, {"inside each other"});
}

}  // namespace
}  // namespace mi2::recipe::testing
