#include "models/device.hpp"

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

#include <mi2/device.hpp>

namespace mi2 {
namespace {

TEST(Device, ReadsWhatItWrites) {
  for (const char* name : {"cpu", "cuda", "cuda:0", "cuda:127", "torch"})
    EXPECT_EQ(to_string(parse_device(name)), name);
  EXPECT_EQ(parse_device("cuda:1"), (Device{Device::Kind::kCuda, 1}));
  EXPECT_EQ(to_string(Device()), "cpu");
}

TEST(Device, RefusesWhatIsNone) {
  for (const char* name : {"", "CPU", "cpu:0", "tpu", "torch:1", "cuda:", "cuda:x", "cuda:-1", "cuda:128", "cuda:1 ",
                           "cuda1", "cuda:99999999999"}) {
    test::expect_error(Code::kBadArgument,
                       {"device '" + std::string(name) + "'", "expected cpu, cuda, cuda:NUMBER or torch"},
                       [&] { parse_device(name); });
  }
}

}  // namespace
}  // namespace mi2
