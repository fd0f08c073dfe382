#include "recipe/series_text.hpp"

#include <gtest/gtest.h>

namespace mi2::recipe::testing {
namespace {

constexpr std::array<double, 6> kAxial{1, 0, 0, 0, 1, 0};
constexpr std::array<double, 6> kCoronal{1, 0, 0, 0, 0, -1};
constexpr std::array<double, 6> kSagittal{0, 1, 0, 0, 0, -1};

SeriesFacts facts(std::string modality, std::string part, std::string study, std::string series,
                  std::array<double, 6> orientation = kAxial) {
  SeriesFacts out;
  out.modality = std::move(modality);
  out.body_part = std::move(part);
  out.study = std::move(study);
  out.series = std::move(series);
  out.orientation = orientation;
  return out;
}

TEST(SeriesText, CleansDescriptionsAsThePublishedTextsAre) {
  EXPECT_EQ(cleaned("Axial T2 FLAIR"), "Axial T FLAIR");
  EXPECT_EQ(cleaned("ep2d_diff_3scan_trace"), "epddiffscantrace");
  EXPECT_EQ(cleaned("MR HEAD W/WO CONTRAST"), "MR HEAD WWO CONTRAST");
  EXPECT_EQ(cleaned("ep2d_perf 20 CC BOLUS"), "epdperf  CC BOLUS");
  EXPECT_EQ(cleaned(" 3-D (2) "), "D");
  EXPECT_EQ(cleaned("12.5"), "");
}

/// Rows 450, 465, 470, 472 and 490 of the published texts.
TEST(SeriesText, IsThePublishedOneWhereTheSeriesSaysEnough) {
  EXPECT_EQ(structured_text(facts("MR", "BRAIN", "BrainTumor", "Axial Flair T2")),
            "mr NA brain head axial no contrast flair tweighted NA BrainTumor  Axial Flair T");
  EXPECT_EQ(structured_text(facts("MR", "", "BRAIN^SPECTROSCOPY", "t1 axial stealth post")),
            "mr NA brain head axial yes contrast tweighted NA BRAINSPECTROSCOPY  t axial stealth post");
  EXPECT_EQ(structured_text(facts("MR", "HEAD", "BRAIN_ROUTINE", "T2 SAG SPACE", kSagittal)),
            "mr NA brain head sagittal no contrast tweighted NA BRAINROUTINE  T SAG SPACE");
  EXPECT_EQ(structured_text(facts("MR", "HEAD", "MR HEAD W AND WO IV CONTRAST", "COR T1 POST FS", kCoronal)),
            "mr NA brain head coronal yes contrast tweighted NA MR HEAD W AND WO IV CONTRAST  COR T POST FS");
  EXPECT_EQ(structured_text(facts("CT", "ABDOMEN", "CT CHEST/ABD/PELVIS W CONTR", "AXIAL CAP")),
            "ct NA abdomen axial yes contrast NA NA CT CHESTABDPELVIS W CONTR  AXIAL CAP");
}

TEST(SeriesText, NamesSidesPartsAndWeightings) {
  SeriesFacts knee = facts("MR", "KNEE", "MRI", "T1");
  knee.laterality = "R";
  EXPECT_EQ(structured_text(knee), "mr right knee axial no contrast tweighted NA MRI  T");
  EXPECT_EQ(structured_text(facts("MR", "", "MRI LEFT THIGH", "ADC map")),
            "mr left upper leg axial no contrast diffusion weighted NA MRI LEFT THIGH  ADC map");
  EXPECT_EQ(structured_text(facts("MR", "CSPINE", "", "perfusion")),
            "mr NA c spine axial no contrast perfusion weighted NA   perfusion");
  SeriesFacts nowhere = facts("MR", "", "", "x");
  nowhere.orientation.reset();
  EXPECT_EQ(structured_text(nowhere), "mr NA NA NA no contrast NA NA   x");
}

TEST(SeriesText, KnowsContrast) {
  const auto yes = [](std::string study, std::string series, std::string agent) {
    SeriesFacts one = facts("CT", "CHEST", std::move(study), std::move(series));
    one.contrast = std::move(agent);
    return structured_text(one).find(" yes contrast ") != std::string::npos;
  };
  EXPECT_TRUE(yes("", "T1 POST", ""));
  EXPECT_TRUE(yes("", "AX GAD", ""));
  EXPECT_TRUE(yes("", "AX W CONTRAST", ""));
  EXPECT_TRUE(yes("CT CHEST W CONTRAST", "ROUTINE", ""));
  EXPECT_TRUE(yes("", "ROUTINE", "OMNIPAQUE 350"));
  EXPECT_FALSE(yes("", "ROUTINE", "NONE"));
  EXPECT_FALSE(yes("CT CHEST W CONTRAST", "NON CONTRAST", "OMNIPAQUE"));
  EXPECT_FALSE(yes("CT WITHOUT CONTRAST", "ROUTINE", ""));
  EXPECT_FALSE(yes("", "AX T1 PRE", ""));
}

TEST(SeriesText, KnowsLocalizersAndPlanes) {
  EXPECT_TRUE(is_localizer(facts("MR", "", "", "3-Plane Localizer")));
  EXPECT_TRUE(is_localizer(facts("CT", "", "", "SCOUTS")));
  EXPECT_TRUE(is_localizer(facts("MR", "", "", "LOC")));
  EXPECT_FALSE(is_localizer(facts("MR", "", "", "local flow")));
  SeriesFacts typed = facts("CT", "", "", "x");
  typed.image_type = "ORIGINAL\\PRIMARY\\LOCALIZER";
  EXPECT_TRUE(is_localizer(typed));
  EXPECT_EQ(plane_of(kAxial), "axial");
  EXPECT_EQ(plane_of(kCoronal), "coronal");
  EXPECT_EQ(plane_of(kSagittal), "sagittal");
  EXPECT_EQ(plane_of({1, 0, 0, 0, 0.9, -0.43}), "axial");
}

}  // namespace
}  // namespace mi2::recipe::testing
