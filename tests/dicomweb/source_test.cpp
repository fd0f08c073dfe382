// Sources on servers, as users name them, and what servers ask for.

#include <string>

#include <gtest/gtest.h>

#include "dicomweb/client.hpp"
#include "dicomweb/source.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicomweb {
namespace {

TEST(ServerSource, IsAUrlBehindItsKind) {
  const ServerSource source =
      parse_source("dicomweb:https://PACS.example:8443/dicom-web/?StudyDate=20200101-&ModalitiesInStudy=CT,MR");
  EXPECT_EQ(source.locator, "dicomweb:https://pacs.example:8443/dicom-web");
  EXPECT_EQ(source.path, "/dicom-web");
  EXPECT_TRUE(source.server.secure);
  EXPECT_EQ(source.server.port, "8443");
  EXPECT_EQ(source.filter.from, "20200101");
  EXPECT_EQ(source.filter.to, "");
  EXPECT_EQ(source.filter.modalities, (std::vector<std::string>{"CT", "MR"}));
  const ServerSource orthanc = parse_source("orthanc:http://[::1]:8042");
  EXPECT_EQ(orthanc.locator, "orthanc:http://[::1]:8042");
  EXPECT_EQ(orthanc.path, "");
  EXPECT_EQ(parse_source("dicomweb:http://h:80/x").locator, "dicomweb:http://h/x");
}

TEST(ServerSource, OfOneDayEndsWithIt) {
  const ServerSource source = parse_source("dicomweb:http://h/?StudyDate=20200131");
  EXPECT_EQ(source.filter.from, "20200131");
  EXPECT_EQ(source.filter.to, "20200131");
}

TEST(ServerSource, IsRefusedWithoutItsText) {
  for (const std::string text : {"dicomweb:https://u:secret@h/", "dicomweb:secret", "dicomweb:ftp://secret",
                                 "dicomweb:http://h/?PatientID=secret", "dicomweb:http://h/#secret",
                                 "dicomweb:http://h/?StudyDate=", "dicomweb:http://h/?StudyDate=20200131-20200101",
                                 "dicomweb:http://h/?StudyDate=-", "dicomweb:http://h/?ModalitiesInStudy=CT,",
                                 "orthanc:http://h/?StudyDate=20200101"}) {
    const Error error = test::error_of([&] { return parse_source(text); });
    EXPECT_EQ(error.code(), Code::kBadArgument) << text;
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
}

TEST(Authorization, IsAHeadersValue) {
  EXPECT_EQ(authorization_of("bearer abc.DEF\n", "f"), "Bearer abc.DEF");
  EXPECT_EQ(authorization_of("Basic name:pass word\r\n", "f"), "Basic bmFtZTpwYXNzIHdvcmQ=");
  for (const std::string text : {"", "bearer", "bearer a b", "token abc", "basic name", "bearer abc\nbearer def"}) {
    const Error error = test::error_of([&] { return authorization_of(text, "the file"); });
    EXPECT_EQ(error.code(), Code::kBadFile) << text;
    EXPECT_EQ(std::string(error.what()).find("abc"), std::string::npos);
  }
}

}  // namespace
}  // namespace mi2::dicomweb
