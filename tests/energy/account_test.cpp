#include "energy/account.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "energy/devices.hpp"
#include "energy/regions.hpp"
#include "support/expect_error.hpp"

namespace mi2::energy {
namespace {

using mi2::test::expect_error;

Account published() {
  Account account{"stated", 7680, {}, overhead_of("", ""), intensity_of("297.6", "", ""), {}};
  account.terms.push_back(product({"device_hours", "device hours", "h", {{7680, 7680}, "stated"}},
                                  {"watts", "watts", "W", watts_of("250-400", "")}));
  return account;
}

TEST(Account, IsTheProductOfItsFactors) {
  const Account account = published();
  EXPECT_DOUBLE_EQ(account.kilograms().low, 571.392);
  EXPECT_DOUBLE_EQ(account.kilograms().high, 914.2272);
  EXPECT_EQ(to_text(account).substr(0, 30), "571.392 to 914.227 kg CO2e\n  =");
}

TEST(Account, AddsWhatWasMeasuredAndAppliesTheBuildingToAll) {
  Account account = published();
  account.overhead = overhead_of("1.5", "");
  account.terms.push_back(measured("gpus_kwh", "GPUs", 80, "measured"));
  EXPECT_DOUBLE_EQ(account.devices_kwh().low, 2000);
  EXPECT_DOUBLE_EQ(account.kwh().low, 3000);
  const auto json = to_json(account);
  EXPECT_EQ(json.at("factors").at("gpus_kwh").at("high"), 80);
  EXPECT_EQ(json.at("factors").at("pue").at("source"), "stated by the user");
  EXPECT_NE(to_text(account).find("= (7680 device hours x 250 to 400 W + 80 kWh) x PUE 1.5"), std::string::npos)
      << to_text(account);
}

TEST(Account, OfLittleIsInGrams) { EXPECT_EQ(mass_text({0.0001, 0.00025}), "0.1 to 0.25 g"); }

TEST(Factors, NameADeviceByLessOrMoreThanItsName) {
  EXPECT_EQ(watts_of("V100", "").value, (Range{250, 300}));
  EXPECT_EQ(watts_of("v100-sxm2-16gb", "").value, (Range{300, 300}));
  EXPECT_EQ(watts_of("8xH100-SXM", "").value, (Range{5600, 5600}));
  EXPECT_EQ(watts_of("L40", "").value, (Range{300, 300}));  // and not L40S
  EXPECT_EQ(watts_of("250", "").value, (Range{250, 250}));
  EXPECT_NE(watts_of("V100", "").source.find("V100-PCIE, V100-SXM2"), std::string::npos);
}

TEST(Factors, ThatAreNoneAreRefused) {
  expect_error(Code::kBadArgument, {"--watts", "did you mean 'V100-SXM2'"}, [] { watts_of("V100-SMX2", "--watts"); });
  for (const char* none : {"", "x", "0xV100", "-", "V", "8x", "1e400", "400-250", "-5", "nan"}) {
    expect_error(Code::kBadArgument, {"--watts"}, [&] { watts_of(none, "--watts"); });
  }
  expect_error(Code::kBadArgument, {"no region is called", "did you mean 'Germany'"},
               [] { intensity_of("", "germny", ""); });
  expect_error(Code::kBadArgument, {"a region is stated too"}, [] { intensity_of("5", "deu", ""); });
  expect_error(Code::kBadArgument, {"at least 1"}, [] { overhead_of("0.9", "--pue"); });
}

TEST(Factors, SayWhichRegionTheyAreOf) {
  EXPECT_EQ(intensity_of("", "WestUS2", "").value, (Range{297.6, 297.6}));
  EXPECT_EQ(intensity_of("", "Germany", "").value, intensity_of("", "DEU", "").value);
  EXPECT_NE(intensity_of("", "", "").source.find("not stated: world average, 2024"), std::string::npos);
}

TEST(Tables, NameEachRowOnceWithItsSource) {
  std::set<std::string_view> devices;
  for (const DevicePower& device : device_powers()) {
    EXPECT_TRUE(devices.insert(device.name).second) << device.name;
    EXPECT_GT(device.watts, 0);
    EXPECT_FALSE(device.source.empty());
    EXPECT_LE(device_powers().front().name, device.name);
  }
  std::set<std::string_view> names;
  for (const Region& region : regions()) {
    EXPECT_TRUE(names.insert(region.name).second) << region.name;
    EXPECT_EQ(&region_named(region.place), &region) << region.place;
    EXPECT_GT(region.grams_per_kwh, 0);
    EXPECT_FALSE(region.source.empty() || region.year.empty());
  }
}

}  // namespace
}  // namespace mi2::energy
