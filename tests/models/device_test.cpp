#include "models/device.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.hpp"

#include <mi2/device.hpp>

namespace mi2 {
namespace {

using ::testing::ElementsAre;

TEST(Device, ReadsWhatItWrites) {
  for (const char* name : {"cpu", "cuda", "cuda:0", "cuda:127", "torch", "auto"})
    EXPECT_EQ(to_string(parse_device(name)), name);
  EXPECT_EQ(parse_device("cuda:1"), (Device{Device::Kind::kCuda, 1}));
  EXPECT_EQ(to_string(Device()), "cpu");
}

TEST(Device, RefusesWhatIsNone) {
  for (const char* name : {"", "CPU", "cpu:0", "tpu", "torch:1", "cuda:", "cuda:x", "cuda:-1", "cuda:128", "cuda:1 ",
                           "cuda1", "cuda:99999999999", "auto:0", "cuda:all"}) {
    test::expect_error(Code::kBadArgument,
                       {"device '" + std::string(name) + "'", "expected auto, cpu, cuda, cuda:NUMBER or torch"},
                       [&] { parse_device(name); });
  }
}

TEST(Devices, ReadsAListOfOneKind) {
  const auto names = [](std::string_view text) {
    std::vector<std::string> all;
    for (const Device& device : models::parse_devices(text)) all.push_back(to_string(device));
    return all;
  };
  EXPECT_THAT(names("cpu"), ElementsAre("cpu"));
  EXPECT_THAT(names("auto"), ElementsAre("auto"));
  EXPECT_THAT(names("cuda:1,cuda:0"), ElementsAre("cuda:1", "cuda:0"));
  EXPECT_THAT(names("torch,torch"), ElementsAre("torch", "torch"));
  EXPECT_EQ(models::to_string(models::parse_devices("cuda:0,cuda:1")), "cuda:0,cuda:1");
  EXPECT_EQ(models::to_string(models::parse_devices("cpu,cpu")), "cpu");
}

TEST(Devices, RefusesWhatCannotComputeTogether) {
  const auto refused = [](const std::string& text, const std::string& rule) {
    test::expect_error(Code::kBadArgument, {"device '" + text + "'", rule}, [&] { models::parse_devices(text); });
  };
  refused("cpu,torch", "of one kind");
  refused("cuda:0,cpu", "of one kind");
  refused("auto,auto", "auto stands alone");
  refused("cpu,auto", "auto stands alone");
  refused("cuda:3,cuda:3", "each GPU once");
  refused("cuda,cuda:0", "each GPU once");
  std::string many = "cpu";
  for (int i = 0; i < 64; ++i) many += ",cpu";
  refused(many, "expected 64 at most, got 65");
  for (const char* text : {"", "cpu,", ",cpu", "cpu, cpu", "cuda:all,cuda:0"}) {
    EXPECT_EQ(test::error_of([&] { models::parse_devices(text); }).code(), Code::kBadArgument) << text;
  }
}

}  // namespace
}  // namespace mi2
