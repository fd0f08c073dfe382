// The file of a map, and what an erasure leaves of it.

#include "archive/map_file.hpp"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

Format its_archive() {
  Format format;
  format.dimensions = 4;
  format.id = "00112233445566778899aabbccddeeff";
  return format;
}

KeptMap map_of_three() {
  KeptMap map;
  map.options = {MapBy::kImage, MapMethod::kPca, 30, 0.25, std::numeric_limits<std::uint64_t>::max(), "modality=CT"};
  map.fitted = 3;
  map.snapshot = 5;
  map.points = {{0, {0.5F, -1.25F}, false}, {7, {3, 4}, true}, {9, {-2, 0}, false}};
  return map;
}

KeptMap parsed(const std::string& bytes, MapBy by = MapBy::kImage, const Format& format = its_archive()) {
  return parse_map(std::as_bytes(std::span(bytes)), format, by, "image.bin");
}

TEST(MapFile, IsReadBackAsItWasWritten) { EXPECT_EQ(parsed(map_bytes(map_of_three(), its_archive())), map_of_three()); }

TEST(MapFile, ThatIsDamagedIsRefusedByName) {
  const std::string whole = map_bytes(map_of_three(), its_archive());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    const bool version = i >= 8 && i < 12;
    test::expect_error(version ? Code::kUnsupported : Code::kBadFile, {"image.bin"}, [&] { parsed(damaged); });
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{31}, whole.size() - 1}) {
    test::expect_error(Code::kBadFile, {"image.bin", "--refit"}, [&] { parsed(whole.substr(0, size)); });
  }
}

TEST(MapFile, OfAnotherArchiveOrOfSeriesIsRefused) {
  Format other = its_archive();
  other.id[3] = 'f';
  const std::string bytes = map_bytes(map_of_three(), its_archive());
  test::expect_error(Code::kBadFile, {"another"}, [&] { parsed(bytes, MapBy::kImage, other); });
  test::expect_error(Code::kBadFile, {"by series, got one by image"}, [&] { parsed(bytes, MapBy::kSeries); });
}

TEST(MapFile, WithPlacesThatAreNoneIsRefused) {
  KeptMap map = map_of_three();
  map.points[1].at.x = std::numeric_limits<float>::quiet_NaN();
  test::expect_error(Code::kBadFile, {"point 1"}, [&] { parsed(map_bytes(map, its_archive())); });
  map = map_of_three();
  map.points[2].row = 7;
  test::expect_error(Code::kBadFile, {"point 2"}, [&] { parsed(map_bytes(map, its_archive())); });
  map = map_of_three();
  map.options.where = "modality=";
  test::expect_error(Code::kBadFile, {"'where'"}, [&] { parsed(map_bytes(map, its_archive())); });
  map = map_of_three();
  map.fitted = 6;
  test::expect_error(Code::kBadFile, {"'fitted'"}, [&] { parsed(map_bytes(map, its_archive())); });
}

class Erasing : public ::testing::Test {
 protected:
  Erasing() { prepare_to_keep_map(folder_.path()); }

  void put(const std::string& bytes) const {
    std::ofstream(map_file(folder_.path(), MapBy::kImage), std::ios::binary) << bytes;
  }
  void forget(const std::vector<std::uint64_t>& rows) const { forget_in_maps(folder_.path(), its_archive(), rows); }
  [[nodiscard]] std::optional<KeptMap> left() const { return read_map(folder_.path(), its_archive(), MapBy::kImage); }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(Erasing, TakesThePointsOfWhatIsErasedAndMovesNoOther) {
  put(map_bytes(map_of_three(), its_archive()));
  forget({7, 8});
  KeptMap wanted = map_of_three();
  wanted.points.erase(wanted.points.begin() + 1);
  EXPECT_EQ(left(), wanted);
  forget({0, 9});
  EXPECT_FALSE(left().has_value());
}

TEST_F(Erasing, TakesAMapThatWasMadeOfStudiesByName) {
  for (const char* where : {"study=1.2.3", "modality=CT or series in (1.2,1.3)", "not path~Meier"}) {
    KeptMap map = map_of_three();
    map.options.where = where;
    put(map_bytes(map, its_archive()));
    forget({7});
    EXPECT_FALSE(left().has_value()) << where;
  }
}

TEST_F(Erasing, TakesADamagedMapAndNeedsNone) {
  put(map_bytes(map_of_three(), its_archive()).substr(1));
  forget({7});
  EXPECT_FALSE(left().has_value());
  forget({7});
}

}  // namespace
}  // namespace mi2::archive
