// Answers of STOW-RS: as Orthanc, dcm4chee and others give them, and as broken servers do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "dicomweb/stow/answer.hpp"
#include "dicomweb/stow/object_reader.hpp"
#include "dicomweb/stow/stow.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicomweb::stow {
namespace {

using mi2::test::error_of;
using mi2::test::expect_error;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kUid = "2.25.7";

std::string item(std::string_view uid, std::string_view more = "") {
  return R"({"00081150":{"vr":"UI","Value":["1.2"]},"00081155":{"vr":"UI","Value":[")" + std::string(uid) + R"("]})" +
         std::string(more) + "}";
}

std::string sequence(std::string_view tag, std::string_view items) {
  return '"' + std::string(tag) + R"(":{"vr":"SQ","Value":[)" + std::string(items) + "]}";
}

std::string stored(std::string_view uid, std::string_view more = "") {
  return "{" + sequence("00081199", item(uid, more)) + "}";
}

std::string failed(int reason) {
  return "{" + sequence("00081198", item(kUid, R"(,"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}")) +
         "}";
}

TEST(StowAnswer, IsSuccessIfItNamesTheObject) {
  EXPECT_FALSE(read_answer(200, stored(kUid), kUid).already);
  EXPECT_THAT(read_answer(200, stored(kUid), kUid).warning, IsEmpty());
  EXPECT_FALSE(read_answer(202, "[" + stored(kUid) + "]", kUid).already);               // some put it in an array
  EXPECT_FALSE(read_answer(200, stored(std::string(kUid) + "\\u0000"), kUid).already);  // padded
}

TEST(StowAnswer, PassesOnAWarning) {
  const std::string coerced = R"(,"00081196":{"vr":"US","Value":[45056]})";
  EXPECT_THAT(read_answer(202, stored(kUid, coerced), kUid).warning, HasSubstr("B000"));
  const std::string unknown = R"(,"00081196":{"vr":"US","Value":["45055"]})";
  EXPECT_THAT(read_answer(202, stored(kUid, unknown), kUid).warning, HasSubstr("AFFF"));
}

TEST(StowAnswer, IsAFailureWhateverTheStatusIfTheObjectFailed) {
  for (const unsigned status : {200U, 202U, 400U, 409U}) {
    expect_error(Code::kOverloaded, {"A700"}, [&] { static_cast<void>(read_answer(status, failed(0xA700), kUid)); });
    expect_error(Code::kBadFile, {"C000"}, [&] { static_cast<void>(read_answer(status, failed(0xC000), kUid)); });
    expect_error(Code::kUnsupported, {"0122"}, [&] { static_cast<void>(read_answer(status, failed(0x0122), kUid)); });
    expect_error(Code::kBadFile, {"0000"}, [&] { static_cast<void>(read_answer(status, failed(0), kUid)); });
    expect_error(Code::kBadFile, {"B000"}, [&] { static_cast<void>(read_answer(status, failed(0xB000), kUid)); });
    EXPECT_TRUE(read_answer(status, failed(0x0111), kUid).already);
  }
  const std::string both = "{" + sequence("00081199", item(kUid)) + "," + sequence("00081198", "{}") + "}";
  expect_error(Code::kBadFile, {"refused"}, [&] { static_cast<void>(read_answer(200, both, kUid)); });
}

TEST(StowAnswer, IsAFailureIfItDoesNotSayThatTheObjectIsStored) {
  const std::string empty_failed = R"({"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}})";
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("[]"), std::string("[[]]"), std::string("null"),
        std::string("<html>stored</html>"), stored("2.25.8"), empty_failed, std::string(R"({"00081199":[1]})"),
        std::string(R"({"00081199":{"Value":[1,null,"x",{"00081155":7}]}})"), stored(kUid).substr(0, 40)}) {
    expect_error(Code::kBadFile, {"200", "does not say"}, [&] { static_cast<void>(read_answer(200, body, kUid)); });
  }
}

TEST(StowAnswer, IsAFailureByItsStatus) {
  expect_error(Code::kBadFile, {"400"}, [] { static_cast<void>(read_answer(400, "", kUid)); });
  expect_error(Code::kBadFile, {"409"}, [] { static_cast<void>(read_answer(409, stored(kUid), kUid)); });
  expect_error(Code::kUnsupported, {"415"}, [] { static_cast<void>(read_answer(415, "", kUid)); });
  expect_error(Code::kUnsupported, {"403"}, [] { static_cast<void>(read_answer(403, "", kUid)); });
  expect_error(Code::kNotFound, {"404"}, [] { static_cast<void>(read_answer(404, "", kUid)); });
  expect_error(Code::kTooLarge, {"413"}, [] { static_cast<void>(read_answer(413, "", kUid)); });
}

TEST(StowAnswer, HoldsNothingOfTheAnswerInItsErrors) {
  const Error error = error_of([] { return read_answer(500, R"({"Message": "Zwetschgenbaum"})", kUid); });
  EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("Zwetschgenbaum")));
}

TEST(StowObjects, AreAskedForByNothingButUids) {
  const std::string root = "http://127.0.0.1:9/dicom-web";
  ClientOptions once;
  once.tries = 1;
  ObjectReader reader(parse_server(root), once, {});
  const std::string object = "dicomweb:" + root + "/studies/1.2/series/1.3/instances/1.4";
  for (const std::string& locator :
       {object + " HTTP/1.1\r\n\r\nDELETE /dicom-web/studies/1.2", object + "/frames/1", object + "?x", object + ".",
        "dicomweb:" + root + "/studies/../series/1.3/instances/1.4", "dicomweb:" + root + "/admin",
        std::string("dicomweb:http://127.0.0.2:9/dicom-web/studies/1.2/series/1.3/instances/1.4"),
        std::string("/mnt/dicom/1.dcm")}) {
    EXPECT_FALSE(reader.read(locator).has_value()) << locator;
  }
  expect_error(Code::kOverloaded, {root}, [&] { static_cast<void>(reader.read(object)); });  // nobody is there
}

TEST(StowServer, IsAUrlWithoutAQuery) {
  EXPECT_EQ(parse_server("https://pacs.example/dicom-web/").path, "/dicom-web");
  EXPECT_EQ(parse_server("http://pacs.example:8042").path, "");
  EXPECT_TRUE(parse_server("https://pacs.example/dicom-web").target.secure);
  for (const char* url : {"", "pacs.example", "ftp://pacs.example", "https://pacs.example/dicom-web?a=b",
                          "https://name:secret@pacs.example/dicom-web", "https://pacs.example/#x"}) {
    const Error error = error_of([&] { return parse_server(url); });
    EXPECT_EQ(error.code(), Code::kBadArgument) << url;
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace mi2::dicomweb::stow
