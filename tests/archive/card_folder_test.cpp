// Folders of cards, and what of them is noticed.

#include "archive/cards/folder.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/carded.hpp"
#include "archive/growing.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive::cards {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CardFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    Growing archive;
    for (int i = 0; i < 3; ++i) archive.add_study();
    archive.close();
    card_ = card_of(archive.folder(), {part_near(archive.rows().row(0))});
    for (int i = 0; i < 3; ++i) ids_.push_back(add());
  }

  std::string add() {
    Card card = card_;
    add_card(folder(), card, [](const Card& whole) { return "<p>" + whole.id + "</p>"; });
    return card.id;
  }

  void write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
  [[nodiscard]] fs::path folder() const { return temporary_.path() / "cards"; }
  [[nodiscard]] std::string chain() const { return test::read_back(chain_file(folder())); }
  [[nodiscard]] ChainReport report() const { return verify_chain(folder(), {}); }

  test::TemporaryFolder temporary_;
  Card card_;
  std::vector<std::string> ids_;
};

TEST_F(CardFolder, IsSoundAndEachCardNamesTheOneBefore) {
  const ChainReport found = report();
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_THAT(found.notes, IsEmpty());
  EXPECT_EQ(found.cards, 3U);
  EXPECT_EQ(found.last, ids_[2]);
  EXPECT_EQ(read_card(json_file(folder(), ids_[0])).previous, "");
  EXPECT_EQ(read_card(json_file(folder(), ids_[2])).previous, ids_[1]);
  EXPECT_EQ(parse_chain(chain(), "chain").links.size(), 3U);
}

TEST_F(CardFolder, NoticesACardThatIsGoneOrChanged) {
  const fs::path file = json_file(folder(), ids_[1]);
  const std::string text = test::read_back(file);
  fs::remove(file);
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("line 2: card " + ids_[1] + " is not there")));
  std::string other = text;
  other[other.find("\"snapshot\":") + 11] = '7';
  write(file, other);
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("changed since it was written")));
  write(file, test::read_back(json_file(folder(), ids_[0])));
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("is another card")));
  write(file, text);
  EXPECT_THAT(report().problems, IsEmpty());
}

TEST_F(CardFolder, NoticesAPageThatIsGoneOrChanged) {
  write(html_file(folder(), ids_[0]), "<p>something else</p>");
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("the page of card " + ids_[0] + " was changed")));
  fs::remove(html_file(folder(), ids_[0]));
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("the page of card " + ids_[0] + " is not there")));
}

TEST_F(CardFolder, NoticesACardThatWasTakenOutWithItsLine) {
  const std::string text = chain();
  const std::size_t first = text.find('\n') + 1;
  write(chain_file(folder()), text.substr(0, first) + text.substr(text.find('\n', first) + 1));
  fs::remove(json_file(folder(), ids_[1]));
  fs::remove(html_file(folder(), ids_[1]));
  EXPECT_THAT(report().problems, ElementsAre(HasSubstr("line 2: follows another card")));
}

TEST_F(CardFolder, NoticesACardThatWasPutBeside) {
  Card other = card_;
  other.made_at = "2020-01-01T00:00:00Z";
  other.previous = std::string(64, '0');
  other.id = id_of(other);
  write(json_file(folder(), other.id), to_json(other) + '\n');
  EXPECT_THAT(report().problems, ElementsAre("card " + other.id + " is not in chain.jsonl"));
}

TEST_F(CardFolder, GoesOnAfterAKillInTheMiddleOfALine) {
  write(chain_file(folder()), chain() + R"({"card":"0123)");
  EXPECT_THAT(report().problems, IsEmpty());
  EXPECT_THAT(report().notes, ElementsAre(HasSubstr("in the middle of a line")));
  const std::string id = add();
  EXPECT_EQ(read_card(json_file(folder(), id)).previous, ids_[2]);
  EXPECT_THAT(report().problems, IsEmpty());
  EXPECT_THAT(report().notes, IsEmpty());
}

TEST_F(CardFolder, TakesACardIntoItsChainThatAKilledProgramDidNot) {
  const std::string text = chain();
  write(chain_file(folder()), text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  const ChainReport found = report();
  EXPECT_EQ(found.cards, 2U);
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("card " + ids_[2] + " has no line yet")));
  const std::string id = add();
  EXPECT_EQ(read_card(json_file(folder(), id)).previous, ids_[2]);
  EXPECT_EQ(report().cards, 4U);
  EXPECT_THAT(report().problems, IsEmpty());
}

TEST_F(CardFolder, RefusesAChainThatIsNone) {
  write(chain_file(folder()), "{}\n");
  test::expect_error(Code::kBadFile, {"line 1", "expected a card"}, [&] { static_cast<void>(report()); });
  test::expect_error(Code::kBadFile, {"line 1"}, [&] { add(); });
  fs::remove(chain_file(folder()));
  test::expect_error(Code::kNotFound, {"no cards"}, [&] { static_cast<void>(report()); });
}

TEST_F(CardFolder, HasOneChainHoweverManyAddAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> faults = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      try {
        for (int card = 0; card < 5; ++card) add();
      } catch (const Error&) {
        ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(report().cards, 23U);
  EXPECT_THAT(report().problems, IsEmpty());
}

}  // namespace
}  // namespace mi2::archive::cards
