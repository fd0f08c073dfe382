// The audit list: lines that follow one another, what a kill or a full disk leaves, and pages from its end.

#include <sys/resource.h>
#include <csignal>

#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "audit/pages.hpp"
#include "audit/trail.hpp"
#include "audit/verify.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::audit {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Entry entry(const std::string& event, const std::string& archive = "a", std::optional<std::uint64_t> item = {}) {
  Entry made;
  made.event = event;
  made.archive = archive;
  made.outcome = "ok";
  made.item = item;
  return made;
}

std::string text_of(const fs::path& path) { return base::read_text_file(path, 1U << 30); }

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

fs::path first_file(const test::TemporaryFolder& folder) { return folder / "list/audit-000001.jsonl"; }

Report checked(const test::TemporaryFolder& folder) { return verify(folder / "list", {}); }

/// The items of pages of `limit` lines, one page after the other.
std::vector<std::uint64_t> items_of(const fs::path& folder, Wanted wanted) {
  std::vector<std::uint64_t> items;
  do {
    const Page page = read_page(folder, wanted);
    for (const std::string& line : page.lines) {
      const std::size_t at = line.find(R"("item":)");
      items.push_back(std::stoull(line.substr(at + 7)));
    }
    wanted.from = page.next;
  } while (wanted.from);
  return items;
}

TEST(Trail, HasTheDigestOfTheLineBeforeInEachLineAlsoAfterARestartAndInTheNextFile) {
  const test::TemporaryFolder folder;
  for (int run = 0; run < 3; ++run) {
    Trail trail(folder / "list", 600);
    for (int i = 0; i < 3; ++i) trail.append(entry("search"), i == 1 ? Durable::kNow : Durable::kSoon);
  }
  EXPECT_TRUE(fs::exists(folder / "list/audit-000002.jsonl"));
  const std::string text = text_of(first_file(folder));
  const std::string first = text.substr(0, text.find('\n'));
  EXPECT_THAT(first, HasSubstr(R"({"n":1,"time":"2)"));
  EXPECT_THAT(first, HasSubstr(R"("event":"search","archive":"a","outcome":"ok","previous":""})"));
  EXPECT_THAT(text, HasSubstr(R"("previous":")" + base::sha256_hex(std::as_bytes(std::span(first))) + '"'));
  const Report report = checked(folder);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.lines, 9U);
  EXPECT_EQ(report.last, 9U);
}

TEST(Trail, IsForItsOwnerAloneAndForOneProgramAtATime) {
  const test::TemporaryFolder folder;
  Trail trail(folder / "list");
  trail.append(entry("search"), Durable::kNow);
  using Perms = fs::perms;
  EXPECT_EQ(fs::status(folder / "list").permissions(), Perms::owner_all);
  EXPECT_EQ(fs::status(first_file(folder)).permissions(), Perms::owner_read | Perms::owner_write);
  test::expect_error(Code::kOverloaded, {"another program"}, [&] { Trail second(folder / "list"); });
}

TEST(Trail, CutsOffWhatAKilledProgramWroteOfALine) {
  const test::TemporaryFolder folder;
  { Trail(folder / "list").append(entry("search"), Durable::kNow); }
  put(first_file(folder), text_of(first_file(folder)) + R"({"n":2,"time":"20)");
  EXPECT_TRUE(checked(folder).torn);
  { Trail(folder / "list").append(entry("item"), Durable::kNow); }
  const Report report = checked(folder);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_FALSE(report.torn);
  EXPECT_EQ(report.last, 2U);
}

TEST(Trail, GoesOnBehindAFileWithoutALineAndRefusesOneWhoseLastLineIsNone) {
  const test::TemporaryFolder folder;
  { Trail(folder / "list").append(entry("search"), Durable::kNow); }
  put(folder / "list/audit-000002.jsonl", "");
  { Trail(folder / "list").append(entry("item"), Durable::kNow); }
  EXPECT_EQ(checked(folder).last, 2U);
  put(folder / "list/audit-000003.jsonl", "{}\n");
  test::expect_error(Code::kBadFile, {"audit-000003.jsonl", "its last line", "number"},
                     [&] { Trail(folder / "list"); });
}

TEST(Trail, WritesNothingOfALineForWhichThereIsNoRoomAndGoesOnOnceThereIs) {
  const test::TemporaryFolder folder;
  Trail trail(folder / "list");
  trail.append(entry("search"), Durable::kNow);
  const std::string before = text_of(first_file(folder));
  // The system takes a part of the line alone.
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit tight{before.size() + 20, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Error error = test::error_of([&] {
    trail.append(entry("item"), Durable::kSoon);
    return 0;
  });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error.code(), Code::kBadFile);
  EXPECT_EQ(text_of(first_file(folder)), before);
  trail.append(entry("item"), Durable::kNow);
  EXPECT_THAT(checked(folder).problems, IsEmpty());
  Entry endless = entry("search");
  endless.query = std::string(kLongestLine, 'x');
  test::expect_error(Code::kTooLarge, {"4096"}, [&] { trail.append(endless, Durable::kSoon); });
}

TEST(Trail, IsWrittenByManyThreads) {
  const test::TemporaryFolder folder;
  {
    Trail trail(folder / "list", 20'000);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) trail.append(entry("search"), Durable::kSoon);
      });
    }
  }
  EXPECT_THAT(checked(folder).problems, IsEmpty());
  EXPECT_EQ(checked(folder).last, 200U);
}

TEST(Verify, NamesTheLineAfterOneThatWasChangedTakenOutOrPutIn) {
  const test::TemporaryFolder folder;
  {
    Trail trail(folder / "list", 700);
    for (int i = 0; i < 14; ++i) trail.append(entry("search"), Durable::kSoon);
  }
  const fs::path file = first_file(folder);
  const std::string text = text_of(file);
  const std::size_t second = text.find('\n') + 1;
  const std::size_t third = text.find('\n', second) + 1;
  std::string changed = text;
  changed.replace(changed.find("\"ok\"", second), 4, "\"no\"");
  for (const std::string& other : {changed, text.substr(0, second) + text.substr(third),
                                   text.substr(0, third) + text.substr(second), text.substr(second)}) {
    put(file, other);
    const Report report = checked(folder);
    if (other == text.substr(second)) {
      // Nobody can tell where a list began whose first lines were put elsewhere: the number says so.
      EXPECT_THAT(report.problems, IsEmpty());
      EXPECT_EQ(report.first, 2U);
      continue;
    }
    ASSERT_FALSE(report.problems.empty());
    EXPECT_THAT(report.problems.front(), HasSubstr("audit-000001.jsonl: line "));
  }
  put(file, text);
  fs::remove(folder / "list/audit-000002.jsonl");
  EXPECT_THAT(checked(folder).problems.front(), HasSubstr("audit-000002.jsonl is not there"));
  test::expect_error(Code::kNotFound, {}, [&] { verify(folder / "none", {}); });
}

TEST(Pages, AreReadFromTheEndAcrossFilesEachLineOnce) {
  const test::TemporaryFolder folder;
  Trail trail(folder / "list", 5'000);
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < 100; ++i) {
    trail.append(entry(i % 3 == 0 ? "item" : "thumb", i % 2 == 0 ? "a" : "b", i), Durable::kSoon);
    all.insert(all.begin(), i);
  }
  for (const std::size_t limit : {1U, 7U, 100U, 1000U}) {
    Wanted wanted;
    wanted.limit = limit;
    EXPECT_EQ(items_of(folder / "list", wanted), all) << limit;
  }
  Wanted some;
  some.archive = "a";
  some.events = {"item"};
  some.limit = 4;
  EXPECT_EQ(items_of(folder / "list", some).size(), 17U);
  some.item = 90;
  EXPECT_THAT(items_of(folder / "list", some), ElementsAre(90));
  some.since = "2999-01-01";
  EXPECT_THAT(items_of(folder / "list", some), IsEmpty());
  some.since = "2020-01-01T00:00";
  EXPECT_THAT(items_of(folder / "list", some), ElementsAre(90));
}

TEST(Pages, AreOfFilesThatAreLargerThanABlockAndPassOverWhatIsNoLine) {
  const test::TemporaryFolder folder;
  Trail trail(folder / "list");
  for (std::uint64_t i = 0; i < 10'000; ++i) trail.append(entry("item", "a", i), Durable::kSoon);
  ASSERT_GT(fs::file_size(first_file(folder)), 1U << 20);
  Wanted wanted;
  wanted.limit = 999;
  EXPECT_EQ(items_of(folder / "list", wanted).size(), 10'000U);
  put(first_file(folder), "no line\n" + text_of(first_file(folder)) + "[]\n" + R"({"half":)");
  wanted.limit = 20'000;
  const Page page = read_page(folder / "list", wanted);
  EXPECT_EQ(page.lines.size(), 10'000U);
  EXPECT_EQ(page.damaged, 1U);
}

TEST(Pages, LookAtABoundedPartOfTheListAndGoOnFromThere) {
  const test::TemporaryFolder folder;
  fs::create_directory(folder / "list");
  std::string text;
  const std::string line =
      fmt::format(R"({{"n":1,"time":"2026","event":"thumb","query":"{}"}})", std::string(2000, 'x'));
  while (text.size() < kMostRead + (1U << 20)) text += line + '\n';
  put(first_file(folder), R"({"n":1,"time":"2026","event":"item"})"
                          "\n" +
                              text);
  Wanted wanted;
  wanted.events = {"item"};
  const Page first = read_page(folder / "list", wanted);
  EXPECT_THAT(first.lines, IsEmpty());
  ASSERT_TRUE(first.next);
  wanted.from = parse_place(to_text(*first.next));
  EXPECT_EQ(read_page(folder / "list", wanted).lines.size(), 1U);
}

TEST(Place, ThatNobodyWasGivenIsRefused) {
  EXPECT_EQ(parse_place("1.3.4096"), (Place{3, 4096}));
  for (const char* text : {"", "1", "1.2", "2.1.1", "1.x.1", "1.1.-1", "1.1.1.1", "1.99999999999.1", "1..1"}) {
    test::expect_error(Code::kBadArgument, {"cursor"}, [&] { static_cast<void>(parse_place(text)); });
  }
}

}  // namespace
}  // namespace mi2::audit
