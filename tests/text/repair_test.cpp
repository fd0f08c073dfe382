// Each repair by itself; what is expected was checked against ftfy 6.3.1.

#include "text/repair.hpp"

#include <gtest/gtest.h>

#include <mi2/error.hpp>
#include <string>

#include "text/badness.hpp"
#include "text/unicode.hpp"

namespace mi2::text {
namespace {

std::u32string encoding_fixed(std::u32string_view text) {
  RepairBudget budget(1'000'000);
  return fix_encoding(std::u32string(text), budget);
}

TEST(FixEncoding, DecodesUtf8ReadAsWindows1252) {
  EXPECT_EQ(encoding_fixed(U"caf\u00C3\u00A9"), U"caf\u00E9");
  EXPECT_EQ(encoding_fixed(U"\u00E2\u20AC\u0153quote\u00E2\u20AC\u009D"), U"\u201Cquote\u201D");
  EXPECT_EQ(encoding_fixed(U"\u00F0\u0178\u02DC\u0081"), U"\U0001F601");
}

TEST(FixEncoding, DecodesWhatWasGarbledTwice) {
  EXPECT_EQ(encoding_fixed(U"caf\u00C3\u0192\u00C2\u00A9"), U"caf\u00E9");
}

TEST(FixEncoding, RepairsAPartWhenTheWholeIsNoGarble) {
  EXPECT_EQ(encoding_fixed(U"caf\u00C3\u00A9 \u4E2D\u6587"), U"caf\u00E9 \u4E2D\u6587");
}

TEST(FixEncoding, LeavesProperTextAlone) {
  for (const std::u32string_view text : {U"caf\u00E9", U"\u041F\u0440\u0438\u0432\u0435\u0442", U"a\uFFFDb", U""}) {
    EXPECT_FALSE(is_bad(text));
    EXPECT_EQ(encoding_fixed(text), text);
  }
}

TEST(FixEncoding, RestoresNoBreakSpacesThatBecameSpaces) {
  EXPECT_EQ(encoding_fixed(U"voil\u00C3  le travail"), U"voil\u00E0 le travail");
  EXPECT_EQ(encoding_fixed(U"a \u00C3  b"), U"a \u00E0 b");
  EXPECT_EQ(encoding_fixed(U"\u00C3\u00A0 la carte"), U"\u00E0 la carte");
}

TEST(FixEncoding, ReplacesSequencesThatLostAByte) {
  EXPECT_EQ(encoding_fixed(U"\u00E2\u20AC\uFFFD x"), U"\uFFFD x");
  EXPECT_EQ(encoding_fixed(U"\u00E2\u20AC?x"), U"\uFFFDx");
}

TEST(FixEncoding, TakesC1ControlsForWindows1252) {
  EXPECT_EQ(encoding_fixed(U"\u0093hi\u0094"), U"\u201Chi\u201D");
  EXPECT_EQ(encoding_fixed(U"\u0085"), U"\u2026");
}

TEST(FixEncoding, StopsWhenItsBudgetIsSpent) {
  RepairBudget budget(3);
  EXPECT_THROW(static_cast<void>(fix_encoding(U"caf\u00C3\u00A9", budget)), Error);
}

TEST(FixC1Controls, KeepsBytesThatWindows1252DoesNotUse) {
  EXPECT_EQ(fix_c1_controls(U"\u0080\u0081\u009F\u00A0\u007F"), U"\u20AC\u0081\u0178\u00A0\u007F");
}

TEST(UnescapeHtml, DecodesNamesAndNumbers) {
  EXPECT_EQ(unescape_html(U"&lt;&EACUTE;&eacute;&#x2019;&#150;&amp;amp;"), U"<\u00C9\u00E9\u2019\u2013&amp;");
}

TEST(UnescapeHtml, LeavesWhatIsNoReference) {
  for (const std::u32string_view text : {U"&", U"&amp", U"&;", U"&#;", U"&#x;", U"&#1a;", U"&nothing;", U"a & b;",
                                         U"&#59;", U"&abcdefghijklmnopqrstuvwxyz;"}) {
    EXPECT_EQ(unescape_html(text), text);
  }
}

TEST(UnescapeHtml, GivesNumbersThatAreNoCharacterTheMeaningOfHtml) {
  EXPECT_EQ(unescape_html(U"&#0;&#xD800;&#99999999999;&#x110000;"), U"\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(unescape_html(U"a&#1;&#xFDD0;&#xFFFF;b"), U"ab");
}

TEST(FixLatinLigatures, SpellsThemOut) {
  EXPECT_EQ(fix_latin_ligatures(U"\uFB03\uFB01\u0132\u01C6\u00E6"), U"ffifiIJd\u017E\u00E6");
}

TEST(FixCharacterWidth, MakesFullAndHalfWidthOrdinary) {
  EXPECT_EQ(fix_character_width(U"\uFF21\uFF71\uFF9E\u3000\u4E2D"), U"A\u30A2\u3099 \u4E2D");
}

TEST(UncurlQuotes, MakesQuotesStraight) {
  EXPECT_EQ(uncurl_quotes(U"\u2018a\u201B \u201Eb\u201F \u02BC \u00ABc\u00BB"), U"'a' \"b\" ' \u00ABc\u00BB");
}

TEST(FixLineBreaks, MakesEveryLineBreakALineFeed) {
  EXPECT_EQ(fix_line_breaks(U"a\r\nb\rc\u2028d\u2029e\u0085f\r"), U"a\nb\nc\nd\ne\nf\n");
}

TEST(RemoveControlChars, KeepsOnlySpaceLikeOnes) {
  EXPECT_EQ(remove_control_chars(std::u32string_view(U"a\0\u0007\uFEFF\u206A"
                                                     U"b\u007F\t\n\r\f",
                                                     11)),
            U"ab\t\n\r\f");
}

TEST(RemoveTerminalEscapes, RemovesWholeSequencesOnly) {
  EXPECT_EQ(remove_terminal_escapes(U"\033[1;31mred\033[0m\033[m"), U"red");
  for (const std::u32string_view text : {U"\033[31", U"\033", U"\033[", U"\033red", U"[31m"}) {
    EXPECT_EQ(remove_terminal_escapes(text), text);
  }
}

TEST(Nfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(nfc(U"e\u0301"), U"\u00E9");
  EXPECT_EQ(nfc(U"\u2126"), U"\u03A9");
  EXPECT_EQ(nfc(U"\u1100\u1161\u11A8"), U"\uAC01");
  EXPECT_EQ(nfc(U"q\u0307\u0323"), U"q\u0323\u0307");
}

TEST(Nfc, ReadsALongRunOfMarksInLinearTime) {
  std::u32string marks;
  for (int i = 0; i < 500'000; ++i) marks += U"\u0301\u0323";
  EXPECT_EQ(nfc(marks).size(), marks.size());
}

TEST(FixText, RepeatsUntilNothingChanges) {
  EXPECT_EQ(fix_text(U"don\u00E2\u20AC\u2122t"), U"don't");
  EXPECT_EQ(fix_text(U"&amp;amp;lt;"), U"<");
  EXPECT_EQ(fix_text(U"l\u2019humanit\u00C3\u00A9 e\u0301\uFB01"), U"l'humanit\u00E9 \u00E9fi");
}

TEST(FixText, RefusesEscapesInsideEscapesWithoutEnd) {
  std::u32string text = U"&";
  for (int i = 0; i < 5000; ++i) text += U"amp;";
  EXPECT_THROW(static_cast<void>(fix_text(text)), Error);
}

TEST(FixText, TakesNothingForEscapesOnceThereIsATag) { EXPECT_EQ(fix_text(U"&lt;\n<b>\n&lt;"), U"<\n<b>\n&lt;"); }

}  // namespace
}  // namespace mi2::text
