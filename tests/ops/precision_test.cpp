#include "ops/cpu/precision.hpp"

#include <gtest/gtest.h>

#include "ops/cpu/cpu_ops.hpp"
#include "support/expect_error.hpp"

namespace mi2 {
namespace {

TEST(DType, ReadsWhatItWrites) {
  for (const DType dtype : kDTypes) EXPECT_EQ(parse_dtype(name_of(dtype)), dtype);
  EXPECT_EQ(name_of(DType::kBF16x3), "bf16x3");
  EXPECT_EQ(name_of(DType::kF16), "f16");
}

TEST(DType, ReadsTheNamesThatOthersUse) {
  for (const char* name : {"F32", "fp32", "float32", "torch.float32"}) EXPECT_EQ(parse_dtype(name), DType::kF32);
  for (const char* name : {"BF16", "bfloat16"}) EXPECT_EQ(parse_dtype(name), DType::kBF16);
  for (const char* name : {"fp16", "Half", "float16"}) EXPECT_EQ(parse_dtype(name), DType::kF16);
}

TEST(DType, RefusesWhatIsNone) {
  for (const char* name : {"", "f64", "fp8", "bf16 "}) {
    test::expect_error(Code::kBadArgument, {"is none of f32, bf16, int8, bf16x3, f16, auto"},
                       [&] { parse_dtype(name); });
  }
}

TEST(Precision, TheCpuHasEveryDtypeButF16) {
  for (const DType dtype : ops::kPrecisions) EXPECT_NO_THROW(ops::check_precision(dtype));
  test::expect_error(Code::kBadArgument, {"dtype 'f16' is none of f32, bf16, int8, bf16x3"},
                     [] { ops::check_precision(DType::kF16); });
  ops::CpuOps::Options options;
  options.precision = DType::kF16;
  EXPECT_EQ(test::error_of([&] { return ops::CpuOps(options).threads(); }).code(), Code::kBadArgument);
  EXPECT_FALSE(ops::CpuOps::supports(DType::kF16));
  EXPECT_FALSE(ops::CpuOps::supports(DType::kAuto));
}

TEST(Precision, AutomaticIsAFastOneWithTheNumbersOfF32) {
  EXPECT_EQ(ops::CpuOps::automatic(), ops::cpu::choose_isa() == ops::cpu::Isa::kAmx ? DType::kBF16x3 : DType::kF32);
  EXPECT_TRUE(ops::CpuOps::supports(ops::CpuOps::automatic()));
}

}  // namespace
}  // namespace mi2
