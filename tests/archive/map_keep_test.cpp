// Maps that are kept while others keep theirs, or erase.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "archive/growing.hpp"
#include "archive/map_file.hpp"
#include "archive/upkeep.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

class KeptMaps : public ::testing::Test {
 protected:
  KeptMaps() {
    for (int i = 0; i < 3; ++i) archive_.add_study();
  }

  /// Of the first rows, as the archive is now.
  [[nodiscard]] KeptMap map_of(std::uint32_t rows, const std::string& where = "") {
    KeptMap map;
    map.options.where = where;
    map.fitted = archive_.writer().catalog().sequence();
    map.snapshot = map.fitted;
    for (std::uint32_t row = 0; row < rows; ++row) map.points.push_back({row, {static_cast<float>(row), 1}, false});
    return map;
  }

  void remove_study(std::size_t study, bool erase) {
    Choice choice;
    choice.study = Growing::uid(study);
    remove(archive_.writer(), find_removal(archive_.writer().catalog(), choice), erase);
  }

  void keep(const KeptMap& map) { keep_map(archive_.folder(), format(), map); }
  bool keep_grown(const KeptMap& map) { return keep_grown_map(archive_.folder(), format(), map); }
  [[nodiscard]] const Format& format() { return archive_.writer().format(); }
  [[nodiscard]] std::optional<KeptMap> kept() { return read_map(archive_.folder(), format(), MapBy::kImage); }

  Growing archive_;
};

TEST_F(KeptMaps, LoseThePointsOfWhatWasErasedWhileTheyWereMade) {
  const KeptMap made = map_of(3);
  remove_study(0, true);
  keep(made);
  EXPECT_TRUE(kept().value().points.empty());
}

TEST_F(KeptMaps, WhoseFilterNamesWhatWasErasedMeanwhileAreNotKept) {
  for (const char* where : {"study=1.2.1", "not study=1.2.1"}) {
    const KeptMap made = map_of(0, where);
    archive_.add_study();
    const KeptMap later = map_of(0, where);
    remove_study(where[0] == 's' ? 0 : 1, true);
    for (const KeptMap& map : {made, later}) {
      test::expect_error(Code::kOverloaded, {"erased"}, [&] { keep(map); });
      test::expect_error(Code::kOverloaded, {"erased"}, [&] { static_cast<void>(keep_grown(map)); });
    }
    EXPECT_FALSE(kept().has_value());
  }
  // What was erased before it was made, it does not know; what is only removed, is not erased.
  remove_study(2, false);
  keep(map_of(0, "study=1.2.3"));
  EXPECT_TRUE(kept().has_value());
}

TEST_F(KeptMaps, ThatHaveGrownTakeThePlaceOfWhatTheyGrewFromAlone) {
  const KeptMap first = map_of(3);
  keep(first);
  archive_.add_study();
  KeptMap grown = first;
  grown.snapshot = archive_.writer().catalog().sequence();
  grown.points.push_back({4, {5, 5}, true});
  EXPECT_TRUE(keep_grown(grown));
  EXPECT_EQ(kept(), grown);
  KeptMap behind = first;  // another program began before that
  behind.points.pop_back();
  EXPECT_FALSE(keep_grown(behind));
  EXPECT_EQ(kept(), grown);
  KeptMap anew = map_of(2);
  anew.options.seed = 2;
  keep(anew);
  EXPECT_FALSE(keep_grown(grown));
  EXPECT_EQ(kept(), anew);
}

}  // namespace
}  // namespace mi2::archive
