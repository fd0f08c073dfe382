// How large a fit may be, before anything of it is allocated.

#include "adapter/fit.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

namespace mi2::adapter {
namespace {

using test::expect_error;

AdapterDescription shape_of(Target target, std::int64_t dimensions, AdapterKind kind = AdapterKind::kLinear) {
  AdapterDescription shape;
  shape.kind = kind;
  shape.target = target;
  shape.in_channels = dimensions;
  shape.hidden_dim = kind == AdapterKind::kMlp ? 512 : 0;
  shape.labels = {"0", "1", "2"};
  return shape;
}

constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30U;

TEST(SizeOfFit, AnEverydayFitHasRoomInHalfAGibibyte) {
  for (const Target target :
       {Target::kLabel, Target::kFindings, Target::kNumber, Target::kOrdinal, Target::kSurvival}) {
    EXPECT_NO_THROW(check_size_of_fit(shape_of(target, 1024), 2000, {}, kGibibyte / 2)) << name_of(target);
    EXPECT_NO_THROW(check_size_of_fit(shape_of(target, 1024), 2000, {}, std::nullopt)) << name_of(target);
  }
}

TEST(SizeOfFit, MoreThanThereIsIsRefusedWithWhatItNeeds) {
  for (const Target target : {Target::kNumber, Target::kOrdinal, Target::kSurvival}) {
    expect_error(Code::kTooLarge,
                 {"1000000 rows of 1024 numbers", std::string(name_of(target)), "GiB", "expected fewer"},
                 [&] { check_size_of_fit(shape_of(target, 1024), 1'000'000, {}, 16 * kGibibyte); });
  }
  AdapterDescription wide = shape_of(Target::kLabel, 1024, AdapterKind::kMlp);
  wide.hidden_dim = 65536;
  expect_error(Code::kTooLarge, {"kind mlp"}, [&] { check_size_of_fit(wide, 1000, {}, 16 * kGibibyte); });
}

TEST(SizeOfFit, ASquareOfNumbersHasABoundWhateverMemoryThereIs) {
  for (const Target target : {Target::kNumber, Target::kOrdinal, Target::kSurvival}) {
    expect_error(Code::kTooLarge, {"9000 rows of 65536 numbers", "at most 8192"},
                 [&] { check_size_of_fit(shape_of(target, 65536), 9000, {}, std::nullopt); });
    // Of rows that are fewer, the square is theirs.
    EXPECT_NO_THROW(check_size_of_fit(shape_of(target, 65536), 500, {}, 64 * kGibibyte));
  }
}

}  // namespace
}  // namespace mi2::adapter
