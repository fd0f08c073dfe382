#include "energy/cards.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "energy/meter.hpp"

namespace mi2::energy {
namespace {

std::string fake_nvml() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / MI2_FAKE_NVML).string();
}

/// The made-up driver, kept loaded so that its counters can be set.
class CardsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = ::dlopen(fake_nvml().c_str(), RTLD_NOW);
    ASSERT_NE(library_, nullptr) << ::dlerror();
    millijoules_ = static_cast<unsigned long long*>(::dlsym(library_, "fake_millijoules"));
    begun_ = static_cast<int*>(::dlsym(library_, "fake_begun"));
    ASSERT_NE(millijoules_, nullptr);
    millijoules_[0] = 5'000'000;
    millijoules_[1] = 7'000'000;
  }
  void TearDown() override { ::dlclose(library_); }

  static MeterOptions options() {
    MeterOptions options;
    options.powercap = "/nowhere/at/all";
    options.watts_per_core.value = {1e-9, 1e-9};
    options.nvml = fake_nvml();
    options.cuda = fake_nvml();  // loaded, as CUDA is by who uses it
    return options;
  }

  void* library_ = nullptr;
  unsigned long long* millijoules_ = nullptr;
  int* begun_ = nullptr;
};

TEST_F(CardsTest, AddsUpThoseThatCount) {
  const Cards cards(fake_nvml(), nullptr);
  EXPECT_EQ(cards.count(), 2U);
  EXPECT_DOUBLE_EQ(cards.joules(), 12'000);
}

TEST_F(CardsTest, CountsWhatCudaShows) {
  EXPECT_DOUBLE_EQ(Cards(fake_nvml(), "1").joules(), 7'000);
  EXPECT_DOUBLE_EQ(Cards(fake_nvml(), "GPU-second,0").joules(), 12'000);
  EXPECT_DOUBLE_EQ(Cards(fake_nvml(), "0,9,1").joules(), 5'000);  // CUDA, too, ends the list at what is none
  for (const char* none : {"", "-1", "x", ",0", "2"}) EXPECT_EQ(Cards(fake_nvml(), none).count(), 0U) << none;
}

TEST_F(CardsTest, NoDriverMeansNoCards) {
  const Cards cards("libno-such-driver.so.1", nullptr);
  EXPECT_EQ(cards.count(), 0U);
  EXPECT_EQ(cards.joules(), 0);
  EXPECT_EQ(Cards("libc.so.6", nullptr).count(), 0U);
}

TEST_F(CardsTest, EndsWhatItBegan) {
  { const Cards cards(fake_nvml(), nullptr); }
  EXPECT_EQ(*begun_, 0);
}

TEST_F(CardsTest, ARunThatUsesAGpuReportsWhatItConsumed) {
  EnergyMeter meter(options());
  millijoules_[0] += 36'000'000;
  const Account account = meter.account();
  EXPECT_EQ(account.method, "estimate+nvml");
  EXPECT_NEAR(account.kwh().low, 0.01, 1e-6);
}

TEST_F(CardsTest, ARunOnAGpuThatIsNotCountedSaysSo) {
  MeterOptions uncounted = options();
  uncounted.nvml = "libno-such-driver.so.1";
  EnergyMeter meter(uncounted);
  const Account account = meter.account();
  EXPECT_EQ(account.method, "estimate");
  ASSERT_EQ(account.notes.size(), 1U);
  EXPECT_NE(account.notes.front().find("does not count"), std::string::npos);
}

TEST_F(CardsTest, ARunThatUsesNoneDoesNot) {
  MeterOptions without = options();
  without.cuda = "libno-such-cuda.so.1";
  EnergyMeter meter(without);
  millijoules_[0] += 36'000'000;
  const Account account = meter.account();
  EXPECT_EQ(account.method, "estimate");
  EXPECT_TRUE(account.notes.empty());
  EXPECT_LT(account.kwh().low, 1e-6);
}

}  // namespace
}  // namespace mi2::energy
