// Where received objects are kept, whatever they say of themselves.

#include "dimse/kept.hpp"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "dimse/spool.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::dimse {
namespace {

TEST(KeptObjects, HaveAPlaceHoweverLongTheirStudysIdentifierIs) {
  const test::TemporaryFolder folder;
  const KeptObjects kept(folder.path() / "kept");
  std::set<std::filesystem::path> places;
  for (const std::string& study :
       {std::string("1.2"), std::string(128, '1'), std::string(128, '.'), std::string(127, '.') + '1', std::string()}) {
    const Spooled object{folder.path() / "object", "PEER", "1.2.3", study, 1};
    std::ofstream(object.file) << 'x';
    const std::filesystem::path place = kept.place_of(object);
    EXPECT_TRUE(places.insert(place).second) << place;
    kept.put(object, place);
    EXPECT_TRUE(std::filesystem::is_regular_file(place)) << place;
    EXPECT_FALSE(std::filesystem::exists(object.file));
    EXPECT_EQ(place.lexically_relative(folder.path()).begin()->string(), "kept");
  }
}

}  // namespace
}  // namespace mi2::dimse
