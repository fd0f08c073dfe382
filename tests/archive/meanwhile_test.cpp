// What is known of files while others write to the same archive.

#include "archive/meanwhile.hpp"

#include <gtest/gtest.h>

#include "archive/growing.hpp"
#include "archive/object_facts.hpp"
#include "archive/upkeep.hpp"

namespace mi2::archive {
namespace {

TEST(Meanwhile, AChangedFileWhoseObjectWasErasedIsNewAndItsNumberIsNoOtherObjects) {
  Growing archive;
  archive.add_study();
  Catalog& catalog = archive.writer().catalog();
  const Id last = kSlices;
  SurveyedFile file;
  file.kind = SurveyedFile::Kind::kChanged;
  file.known = last;
  forget_removed(catalog, file);
  EXPECT_TRUE(file.known == last);
  remove(archive.writer(), {{1, 2, last}, kSlices}, true);
  archive.add_study();
  EXPECT_TRUE(catalog.object(last + 1).has_value());
  EXPECT_FALSE(catalog.object(last).has_value());
  forget_removed(catalog, file);
  EXPECT_FALSE(file.known.has_value());
  EXPECT_EQ(file.kind, SurveyedFile::Kind::kNew);
}

}  // namespace
}  // namespace mi2::archive
