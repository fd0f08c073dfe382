// The command line's parts that need no model.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "base/csv.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "exit_status.hpp"
#include "inputs.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "texts_json.hpp"

namespace mi2::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(std::string_view json, Code code) {
  try {
    parse_texts_json(json, "t.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return {};
}

TEST(TextsJson, ReadsAnArrayOfStrings) {
  EXPECT_THAT(parse_texts_json(R"( ["a", "", "\u00e9"] )", "t"), ElementsAre("a", "", "\xC3\xA9"));
  EXPECT_TRUE(parse_texts_json("[]", "t").empty());
}

TEST(TextsJson, NamesTheElementAtFaultWithoutQuotingIt) {
  EXPECT_EQ(refusal(R"(["Doe", {"x": "Doe"}])", Code::kBadFile),
            "t.json: element 2 of the array: expected a string, got an object");
  EXPECT_THAT(refusal(R"(["Doe" "Doe"])", Code::kBadFile), Not(HasSubstr("Doe")));
}

TEST(TextsJson, DeepNestingCostsNothing) { refusal(std::string(10'000'000, '['), Code::kBadFile); }

TEST(Utf8, KnowsWellFormedSequences) {
  for (const char* good : {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(base::utf8_prefix(good), std::strlen(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(base::utf8_prefix(bad), 0U);
  }
}

TEST(Utf8, PrintableHasNoControls) {
  EXPECT_EQ(base::printable("a\x1B[1m\n\x7F\xC2\x9B\xC3\xA9\xFF"), "a?[1m???\xC3\xA9\xEF\xBF\xBD");
}

TEST(Formatting, FloatsReadBackToTheSameBits) {
  for (const float value : {0.0F, -0.0F, 0.1F, 1.0F / 3.0F, 1e-38F, 1.4e-45F, -0.99999994F, 3.4028235e38F}) {
    std::string text;
    base::append_number(text, value);
    float back = 7;
    std::from_chars(text.data(), text.data() + text.size(), back);
    EXPECT_EQ(std::memcmp(&back, &value, sizeof value), 0) << text;
  }
}

TEST(Formatting, AWholeNumberIsDecimalDigitsAlone) {
  EXPECT_EQ(base::parse_whole("0"), 0U);
  EXPECT_EQ(base::parse_whole("010"), 10U);
  EXPECT_EQ(base::parse_whole("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1.0", "18446744073709551616"}) {
    EXPECT_FALSE(base::parse_whole(text)) << text;
  }
}

TEST(Formatting, RefusesNumbersJsonCannotHold) {
  std::string text;
  EXPECT_THROW(base::append_number(text, std::numeric_limits<float>::infinity()), Error);
  EXPECT_THROW(base::append_number(text, std::numeric_limits<double>::quiet_NaN()), Error);
}

TEST(Formatting, QuotesCsvWhenItMust) {
  EXPECT_EQ(base::csv_field("plain text"), "plain text");
  EXPECT_EQ(base::csv_field("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
}

TEST(Labels, AreTrimmedAndBlankOnesDropped) {
  EXPECT_THAT(split_labels(" a , b c,,\td,"), ElementsAre("a", "b c", "d"));
  EXPECT_THAT(split_labels(" , "), ElementsAre());
}

TEST(Labels, MayBeAJsonList) {
  EXPECT_THAT(listed_labels("a, b", "--labels"), ElementsAre("a", "b"));
  EXPECT_THAT(listed_labels(R"( ["chest x-ray, normal", "brain MRI"] )", "--labels"),
              ElementsAre("chest x-ray, normal", "brain MRI"));
  EXPECT_THAT(listed_labels("[]", "--labels"), ElementsAre());
  EXPECT_THAT(listed_labels("[CT] chest,[MR] brain", "--labels"), ElementsAre("[CT] chest", "[MR] brain"));
  for (const char* wrong : {R"(["a", "b")", "['a', 'b']", R"(["a", 3])", R"(["a", " "])", R"(["a"] b)", "["}) {
    test::expect_error(Code::kBadArgument, {"--labels: ", "array"}, [&] { listed_labels(wrong, "--labels"); });
  }
}

TEST(Labels, OfAFileAreReadAsItsNameSays) {
  const test::TemporaryFolder folder;
  const auto read = [&](const char* name, std::string_view text) {
    return read_labels(folder.write(name, text).string());
  };
  EXPECT_THAT(read("l.txt", "\xEF\xBB\xBF a, b\r\n\nc\n"), ElementsAre("a, b", "c"));
  EXPECT_THAT(read("l.JSON", R"(["a, b", "c"])"), ElementsAre("a, b", "c"));
  EXPECT_THAT(read("l.txt", "[\n  \"a\",\n  \"c\"\n]\n"), ElementsAre("a", "c"));
  EXPECT_THAT(read("prompts.csv", "Label,prompt\na,an a\n\"b, c\",a b\n"), ElementsAre("a", "b, c"));
  test::expect_error(Code::kBadFile, {"o.json", "expected an array of strings"}, [&] { read("o.json", "{\"a\": 1}"); });
  test::expect_error(Code::kBadFile, {"o.csv", "no column 'label'"}, [&] { read("o.csv", "a,b\n1,2\n"); });
  test::expect_error(Code::kBadFile, {"e.csv", "no label"}, [&] { read("e.csv", "label,b\n,2\n"); });
}

TEST(ExitStatus, OfEachCodeIsTheDocumentedOne) {
  EXPECT_EQ(exit_status_of(Code::kBadArgument), 2);
  EXPECT_EQ(exit_status_of(Code::kBadFile), 3);
  EXPECT_EQ(exit_status_of(Code::kUnsupported), 4);
  EXPECT_EQ(exit_status_of(Code::kTooLarge), 5);
  EXPECT_EQ(exit_status_of(Code::kOverloaded), 6);
  EXPECT_EQ(exit_status_of(Code::kNotFound), 7);
  EXPECT_EQ(exit_status_of(Code::kInternal), 70);
  EXPECT_EQ(kExitPartial, 8);
}

TEST(Report, StatusSaysWhatBecameOfTheInputs) {
  Progress progress(1, "images");
  Report report(progress);
  EXPECT_EQ(report.exit_status(), 0);
  report.bad("a", Error(Code::kNotFound, "a: missing"));
  report.bad("b", Error(Code::kBadFile, "b: cut"));
  EXPECT_TRUE(report.all_failed());
  EXPECT_EQ(report.exit_status(), 7);
  report.good();
  EXPECT_EQ(report.exit_status(), kExitPartial);
}

/// Standard error is a terminal for as long as there is one.
class OnTerminal {
 public:
  OnTerminal() {
    ::setenv("TERM", "xterm", 1);
    ::grantpt(leader_);
    ::unlockpt(leader_);
    const int follower = ::open(::ptsname(leader_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ::dup2(follower, STDERR_FILENO);
    ::close(follower);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(leader_);
  }

  /// What was shown since it was asked last.
  [[nodiscard]] std::string shown() const {
    std::string text;
    std::array<char, 4096> block{};
    for (ssize_t got = 0; (got = ::read(leader_, block.data(), block.size())) > 0;) {
      text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  /// The last estimate that was shown, in seconds; -1: none was.
  [[nodiscard]] int seconds_left() const {
    const std::string text = shown();
    const std::size_t end = text.rfind(" left");
    if (end == std::string::npos) return -1;
    const std::size_t colon = text.rfind(':', end);
    const std::size_t begin = text.rfind(' ', colon) + 1;
    return 60 * std::stoi(text.substr(begin, colon - begin)) + std::stoi(text.substr(colon + 1, end - colon - 1));
  }

 private:
  int leader_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  int saved_ = ::dup(STDERR_FILENO);
};

/// Often enough for the bar to be drawn.
void advance_slowly(Progress& bar, int items) {
  for (int i = 0; i < items; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    bar.advance(1);
  }
}

TEST(Progress, AnEvaluationDoesNotSpoilTheEstimate) {
  const OnTerminal terminal;
  Progress bar(100, "steps");
  advance_slowly(bar, 10);
  EXPECT_GE(terminal.seconds_left(), 0);
  bar.pause("evaluating");
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_THAT(terminal.shown(), HasSubstr("evaluating 0:0"));
  advance_slowly(bar, 10);
  // 80 steps of 40 ms; with the evaluation among the 20 before them it would be 14 s or more.
  const int left = terminal.seconds_left();
  EXPECT_GE(left, 3);
  EXPECT_LT(left, 12);
}

TEST(Progress, TheEstimateHasWhatComesBesidesTheItems) {
  const OnTerminal terminal;
  Progress bar(20, "steps");
  bar.set_ahead(0, 100);
  advance_slowly(bar, 10);
  EXPECT_GE(terminal.seconds_left(), 100);
  bar.set_ahead(1000, 0);
  advance_slowly(bar, 5);
  EXPECT_GE(terminal.seconds_left(), 40);
}

TEST(Progress, DurationsReadAsClocks) {
  EXPECT_EQ(duration_text(2.1), "0:03");
  EXPECT_EQ(duration_text(125), "2:05");
  EXPECT_EQ(duration_text(3723), "1:02:03");
}

}  // namespace
}  // namespace mi2::cli
