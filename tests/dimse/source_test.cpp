// PACS as sources, as users name them.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dimse/pull/source.hpp"
#include "support/expect_error.hpp"

namespace mi2::dimse {
namespace {

TEST(PeerSource, IsATitleAtAPlace) {
  const PeerSource source =
      parse_peer_source("dimse:MY PACS@pacs.example:104?StudyDate=20200101-&ModalitiesInStudy=CT,MR");
  EXPECT_EQ(source.peer.aet, "MY PACS");
  EXPECT_EQ(source.peer.host, "pacs.example");
  EXPECT_EQ(source.peer.port, 104);
  EXPECT_EQ(source.url, "dimse:MY PACS@pacs.example:104");
  EXPECT_EQ(source.root, "dimse:MY%20PACS");
  EXPECT_EQ(source.filter.from, "20200101");
  EXPECT_EQ(source.filter.to, "");
  EXPECT_EQ(source.filter.modalities, (std::vector<std::string>{"CT", "MR"}));
}

TEST(PeerSource, MayHaveAQuestionMarkInItsTitle) {
  const PeerSource source = parse_peer_source("dimse:A?B@h:104");
  EXPECT_EQ(source.peer.aet, "A?B");
  EXPECT_FALSE(source.filter.dated());
}

TEST(PeerSource, HasNoBlanksAroundItsTitle) { EXPECT_EQ(parse_peer_source("dimse: PACS @h:104").root, "dimse:PACS"); }

TEST(PeerSource, IsRefusedIfItIsNone) {
  for (const std::string text :
       {"dimse:", "dimse:PACS", "dimse:PACS@h", "dimse:@h:104", "dimse:PACS@h:0", "dimse:PACS@h:99999",
        "dimse:PACS@h:104?PatientID=x", "dimse:PACS@h:104?StudyDate=2020", "PACS@h:104"}) {
    SCOPED_TRACE(text);
    test::expect_error(Code::kBadArgument, {"source: "}, [&] { static_cast<void>(parse_peer_source(text)); });
  }
}

}  // namespace
}  // namespace mi2::dimse
