#include "energy/meter.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace mi2::energy {
namespace {

using mi2::test::TemporaryFolder;

/// A made-up /sys/class/powercap.
class Powercap {
 public:
  void set(const std::string& zone, const std::string& name, std::uint64_t microjoules) const {
    folder_.write(zone + "/name", name + "\n");
    folder_.write(zone + "/energy_uj", std::to_string(microjoules) + "\n");
    folder_.write(zone + "/max_energy_range_uj", "1000000000\n");
  }
  [[nodiscard]] MeterOptions options() const {
    MeterOptions options;
    options.powercap = folder_.path();
    return options;
  }

 private:
  TemporaryFolder folder_;
};

TEST(EnergyMeter, AddsPackagesAndTheirMemoryOnce) {
  const Powercap powercap;
  for (const auto& [zone, name] :
       std::vector<std::pair<std::string, std::string>>{{"intel-rapl:0", "package-0"},
                                                        {"intel-rapl:0:0", "core"},
                                                        {"intel-rapl:0:1", "dram"},
                                                        {"intel-rapl:1", "package-1"},
                                                        {"intel-rapl:2", "psys"},
                                                        {"intel-rapl-mmio:0", "package-0"}}) {
    powercap.set(zone, name, 500);
  }
  EnergyMeter meter(powercap.options());
  powercap.set("intel-rapl:0", "package-0", 36'000'500);
  powercap.set("intel-rapl:0:0", "core", 30'000'500);
  powercap.set("intel-rapl:0:1", "dram", 3'600'500);
  powercap.set("intel-rapl:1", "package-1", 360'500);
  powercap.set("intel-rapl:2", "psys", 50'000'500);
  const Account account = meter.account();
  EXPECT_EQ(account.method, "rapl");
  EXPECT_NEAR(account.kwh().low, (36 + 3.6 + 0.36) / 3.6e6, 1e-12);
  EXPECT_NEAR(account.kilograms().high, account.kwh().high * 0.473, 1e-15);
}

TEST(EnergyMeter, FollowsACounterAroundItsEnd) {
  const Powercap powercap;
  powercap.set("intel-rapl:0", "package-0", 999'000'000);
  EnergyMeter meter(powercap.options());
  powercap.set("intel-rapl:0", "package-0", 3'000'000);
  static_cast<void>(meter.account());
  powercap.set("intel-rapl:0", "package-0", 4'000'000);
  EXPECT_NEAR(meter.account().kwh().low, 5 / 3.6e6, 1e-12);
}

TEST(EnergyMeter, EstimatesFromProcessorTimeWhereNothingIsMeasured) {
  MeterOptions options;
  options.powercap = "/nowhere/at/all";
  options.processes = 4;
  EnergyMeter meter(options);
  volatile double sink = 0;
  Account account = meter.account();
  while (account.kwh().low == 0) {
    for (int i = 0; i < 1'000'000; ++i) sink = sink + std::sqrt(static_cast<double>(i));
    account = meter.account();
  }
  EXPECT_EQ(account.method, "estimate");
  EXPECT_EQ(account.terms.front().factors.back().factor.value, (Range{12, 12}));
}

TEST(EnergyMeter, OfStatedWattsIsARangeOfTimeTimesMachinesTimesWatts) {
  MeterOptions options;
  options.watts = watts_of("250-400", "watts");
  options.overhead = overhead_of("1.5", "pue");
  options.machines = 4;
  EnergyMeter meter(options);
  const Account account = meter.account();
  EXPECT_EQ(account.method, "stated");
  EXPECT_NEAR(account.kwh().low, account.hours * 4 * 250 * 1.5 / 1000, 1e-15);
  EXPECT_NEAR(account.kwh().high, account.hours * 4 * 400 * 1.5 / 1000, 1e-15);
}

}  // namespace
}  // namespace mi2::energy
