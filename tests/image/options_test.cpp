#include "image/options.hpp"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "support/expect_error.hpp"

#include <mi2/error.hpp>
#include <mi2/image.hpp>

namespace mi2 {
namespace {

using test::error_of;

TEST(Profile, ReadsWhatItWrites) {
  for (const Profile profile : {Profile::kRaw, Profile::kAzure, Profile::kToolkit, Profile::kMcp}) {
    EXPECT_EQ(parse_profile(name_of(profile)), profile);
  }
  EXPECT_EQ(name_of(Profile::kAzure), "azure");
  for (const char* bad : {"", "Raw", "azure "}) {
    const Error error = error_of([&] { parse_profile(bad); });
    EXPECT_EQ(error.what(), "profile '" + std::string(bad) + "': expected one of raw, azure, toolkit, mcp");
    EXPECT_EQ(error.code(), Code::kBadArgument);
  }
}

TEST(Window, ReadsWhatItWrites) {
  for (const char* text : {"40,400", "-600,1500", "0.5,1", "0.1,1e+300"}) {
    EXPECT_EQ(to_string(parse_window(text)), text);
  }
  EXPECT_EQ(parse_window("40,400"), (Window{40, 400}));
}

TEST(Window, HasNamesForCt) {
  for (const char* name : {"lung", "soft", "bone", "brain"}) {
    EXPECT_TRUE(parse_window(name).hounsfield);
    EXPECT_EQ(to_string(parse_window(name)), name);
  }
  EXPECT_EQ(parse_window("brain").width, 80);
  EXPECT_EQ(to_string(parse_window("40,80")), "40,80") << "numbers are for every object";
  EXPECT_EQ(error_of([&] { parse_window("liver"); }).code(), Code::kBadArgument);
}

TEST(Plane, ReadsWhatItWrites) {
  for (const char* name : {"axial", "coronal", "sagittal"}) EXPECT_EQ(name_of(parse_plane(name)), name);
  EXPECT_EQ(error_of([&] { parse_plane("oblique"); }).code(), Code::kBadArgument);
}

TEST(Intensity, SaysWhoseSamplesCount) {
  EXPECT_EQ(parse_intensity("series"), (Intensity{.scope = Intensity::Scope::kSeries}));
  EXPECT_EQ(to_string(parse_intensity("series:auto")), "series");
  for (const char* text : {"series", "image", "series:percentile:2,98", "image:minmax"}) {
    EXPECT_EQ(to_string(parse_intensity(text)), text);
  }
  for (const char* bad : {"series:", "serieses", "image:nothing", "series:image"}) {
    EXPECT_EQ(error_of([&] { parse_intensity(bad); }).code(), Code::kBadArgument) << bad;
  }
}

TEST(Window, RefusesWhatIsNone) {
  for (const char* bad : {"", ",", "40", "40,", "40,0", "40,0.5", "nan,1", "1,inf", "1,2,3", "1;2", " 1,2"}) {
    EXPECT_EQ(error_of([&] { parse_window(bad); }).code(), Code::kBadArgument) << bad;
  }
}

TEST(Intensity, ReadsWhatItWrites) {
  for (const char* text : {"auto", "percentile:1,99", "percentile:0.5,99.5", "percentile:0,100", "minmax",
                           "window:40,400", "window:0,0.25"}) {
    EXPECT_EQ(to_string(parse_intensity(text)), text);
  }
  EXPECT_EQ(to_string(Intensity()), "auto");
  EXPECT_EQ(parse_intensity("window:40,0.5").window, (Window{40, 0.5}));
  EXPECT_EQ(parse_intensity("percentile:2,3").high, 3);
}

TEST(Intensity, RefusesWhatItCannotParse) {
  for (const char* text : {"", "percentile", "percentile:", "percentile:1", "percentile:99,1", "percentile:-1,99",
                           "percentile:1,101", "percentile:1,99x", "percentile:nan,99", "window:1,0", "window:1,-2",
                           "window:1,inf", "window:1e308,1e308", "minmax ", "Minmax"}) {
    EXPECT_EQ(error_of([&] { parse_intensity(text); }).code(), Code::kBadArgument) << text;
  }
}

TEST(Intensity, ChecksWhatWasNotParsed) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NO_THROW(image::check(Intensity()));
  EXPECT_NO_THROW(image::check(Window{40, 1}));
  EXPECT_THROW(image::check(Intensity{.low = 50, .high = 50}), Error);
  EXPECT_THROW(image::check(Intensity{.low = kNan}), Error);
  EXPECT_THROW(image::check(Intensity{.kind = Intensity::Kind::kWindow, .window = {kNan, 5}}), Error);
  EXPECT_THROW(image::check(Intensity{.kind = static_cast<Intensity::Kind>(7)}), Error);
  EXPECT_THROW(image::check(Window{kNan, 5}), Error);
  EXPECT_THROW(image::check(Window{0, 0.5}), Error);
}

}  // namespace
}  // namespace mi2
