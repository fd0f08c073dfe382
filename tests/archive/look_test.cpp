// What is looked at of a file before it is added.

#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/object_facts.hpp"
#include "archive/slices_of_one_voxel.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

using test::input_of;
using test::slices_of_one_voxel;

TEST(LookAt, CountsTheFramesOfAFile) {
  const Look look = look_at(input_of(slices_of_one_voxel(1000)), {}, "", false);
  EXPECT_EQ(look.frames.size(), 1000U);
}

TEST(LookAt, RefusesMoreFramesThanItCouldKeepInMemory) {
  const embedder::Input input = input_of(slices_of_one_voxel((1U << 20U) + 1));
  test::expect_error(Code::kTooLarge, {"many.mha", "1048577 frames"},
                     [&] { static_cast<void>(look_at(input, {}, "", false)); });
}

TEST(LookAt, AsksWhetherFramesMayTakeMemory) {
  std::uint64_t asked = 0;
  SurveyOptions options;
  options.claim_frames = [&](std::uint64_t frames, std::string_view name) {
    asked += frames;
    if (asked > 3) throw Error(Code::kTooLarge, std::string(name) + ": enough");
  };
  static_cast<void>(look_at(input_of(slices_of_one_voxel(3)), options, "", false));
  EXPECT_EQ(asked, 3U);
  test::expect_error(Code::kTooLarge, {"many.mha", "enough"},
                     [&] { static_cast<void>(look_at(input_of(slices_of_one_voxel(1)), options, "", false)); });
}

TEST(PatientOf, KeepsOfAnIdentifierWhatADatabaseTakes) {
  SurveyOptions options;
  options.identifiers = Identifiers::kKeep;
  const auto kept = [&options](const std::string& identifier) {
    return patient_of(identifier, "", options, "key").identifier;
  };
  EXPECT_EQ(kept("P-\xC3\xA4 7"), "P-\xC3\xA4 7");
  EXPECT_EQ(kept(std::string("AB\0CD\n", 6)), "AB?CD?");
  EXPECT_EQ(kept(std::string(3U << 20U, 'x')), std::string(256, 'x'));
  EXPECT_EQ(kept(std::string(255, 'x') + "\xC3\xA4"), std::string(255, 'x'));
}

TEST(Survey, MemoryThatRunsOutIsNoFaultOfTheFile) {
  embedder::Input input = input_of({});
  input.read = [](std::uint64_t) -> std::vector<std::byte> { throw std::bad_alloc(); };
  const Survey found = survey(std::vector{input}, {}, nullptr, "");
  ASSERT_TRUE(found.files.front().error);
  EXPECT_EQ(found.files.front().error->code(), Code::kOverloaded);
  EXPECT_STREQ(found.files.front().error->what(), "many.mha: not enough memory to read it");
}

}  // namespace
}  // namespace mi2::archive
