// Parts of multipart/related, in pieces of every size.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dicomweb/multipart.hpp"
#include "dicomweb/one_object.hpp"
#include "support/expect_error.hpp"

namespace mi2::dicomweb {
namespace {

constexpr std::string_view kType = R"(multipart/related; type="application/dicom"; boundary="B")";

class Collected : public Parts {
 public:
  void begin() override { parts.emplace_back(); }
  void data(std::string_view piece) override { parts.back() += piece; }
  void end() override { ++whole; }

  std::vector<std::string> parts;
  std::size_t whole = 0;
};

/// The parts of a body that comes in pieces of `size` bytes; all of them whole.
std::vector<std::string> parts_of(std::string_view body, std::size_t size, bool counted = true) {
  Collected collected;
  MultipartReader reader(kType, collected);
  for (std::size_t at = 0; at < body.size(); at += size) reader.put(body.substr(at, size));
  reader.finish(counted);
  EXPECT_EQ(collected.whole, collected.parts.size());
  return collected.parts;
}

void gives(std::string_view body, const std::vector<std::string>& wanted, bool counted = true) {
  for (std::size_t size = 1; size <= body.size(); ++size) {
    EXPECT_EQ(parts_of(body, size, counted), wanted) << "in pieces of " << size;
  }
}

void refuses(std::string_view body, const std::string& why, bool counted = true) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, body.size()}) {
    test::expect_error(Code::kBadFile, {why}, [&] { parts_of(body, size, counted); });
  }
}

TEST(MultipartReader, TakesPartsByTheirBoundary) {
  gives("--B\r\nContent-Type: application/dicom\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--\r\n", {"one", "two"}, false);
}

TEST(MultipartReader, PassesOverWhatStandsAroundTheParts) {
  gives("before\r\n--B\r\n\r\none\r\n--B--\r\nafter --B\r\n\r\n", {"one"}, false);
}

TEST(MultipartReader, TakesLineFeedsAlone) {
  gives("--B\nA: b\n\none\r\n--B\n\ntwo\n--B--\n", {"one\r", "two"}, false);
}

TEST(MultipartReader, TakesAMissingLastBoundaryOfABodyThatIsKnownToBeWhole) {
  gives("--B\n\n1234\n", {"1234"});
  gives("--B\n\n123\n", {"123\n"});  // an object has an even length
  gives("--B\n\n1234", {"1234"});
  gives("--B\r\n\r\n1234", {"1234"});
  gives("--B\r\n\r\n1234\r\n--B", {"1234"});
  gives("--B\r\n\r\n1234\r\n--B-", {"1234"});
  refuses("--B\r\n\r\n1234\r\n", "ends in a part", false);
}

TEST(MultipartReader, LeavesAPartTheLineEndThatIsItsOwn) {
  gives("--B\r\n\r\n12\r\n", {"12\r\n"});  // no boundary follows that it could belong to
  gives("--B\r\n\r\n\r\n", {"\r\n"});
  gives("--B\n\n1\r\n\n", {"1\r\n\n"});
  gives("--B\r\n\r\n12\r\n\r\n--B--", {"12\r\n"}, false);
  gives("--B\r\n\r\n12\r\n\r\n--B", {"12\r\n"});
  gives("--B\r\n\r\n12\r\n--Bx", {"12\r\n--Bx"});  // nothing that begins like one is one
}

TEST(MultipartReader, BelievesTheLengthOfAPart) {
  gives("--B\r\nContent-Length: 9\r\n\r\na\r\n--B\r\nb\r\n--B\r\ncontent-length:3\r\n\r\ntwo\r\n--B--\r\n",
        {"a\r\n--B\r\nb", "two"}, false);
  gives("--B\r\nContent-Length: 3\r\n\r\none", {"one"}, false);
  gives("--B\r\nContent-Length: 0\r\n\r\n\r\n--B--", {""}, false);
  refuses("--B\r\nContent-Length: 99\r\n\r\none\r\n--B--", "ends in a part");
  refuses("--B\r\nContent-Length: 2\r\n\r\none\r\n--B--", "longer than its Content-Length");
  refuses("--B\r\nContent-Length: -1\r\n\r\none\r\n--B--", "is no length");
  refuses("--B\r\nContent-Length: 99999999999999999999\r\n\r\none\r\n--B--", "is no length");
}

TEST(MultipartReader, TellsABoundaryFromBytesThatBeginLikeOne) {
  gives("--B\r\n\r\na\r\n--Bb\r\n-\r\n--\r\n\r\r\n--B--", {"a\r\n--Bb\r\n-\r\n--\r\n\r"}, false);
}

TEST(MultipartReader, TakesPartsWithoutBytes) { gives("--B\r\n\r\n--B\r\n\r\n\r\n--B--", {"", ""}, false); }

TEST(MultipartReader, RefusesWhatIsNone) {
  refuses("nothing here", "is not in the body");
  refuses("--B\r\nA: b", "ends in the header");
  refuses("--Bx\r\n\r\none\r\n--B--", "more on the line of a boundary");
  refuses("--B\r\nContent-Transfer-Encoding: base64\r\n\r\none\r\n--B--", "expected binary");
  refuses("--B\r\n" + std::string(20000, 'a'), "does not end");
  refuses(std::string(70000, 'a'), "no boundary in its first");
}

TEST(MultipartReader, NeedsABoundary) {
  Collected collected;
  for (const std::string type :
       {"multipart/related", "multipart/related; boundary=", "multipart/related; boundary=\"B"}) {
    test::expect_error(Code::kBadFile, {}, [&] { MultipartReader(type, collected); });
  }
}

std::string object_of(std::string_view type, std::string body) {
  keep_object(type, body);
  return body;
}

TEST(KeepObject, AnAnswerIsItsFirstPartOrItsBody) {
  EXPECT_EQ(object_of(kType, "--B\r\nA: b\r\n\r\none\r\n--B--"), "one");
  EXPECT_EQ(object_of(kType, "--B\r\n\r\none\r\n--B\r\n\r\ntwo\r\n--B--"), "one");
  EXPECT_EQ(object_of("application/dicom", "one"), "one");
  EXPECT_EQ(object_of("Application/DICOM; transfer-syntax=*", "one"), "one");
}

TEST(KeepObject, AnAnswerWithoutOneIsRefused) {
  for (const char* type : {"text/html", "", "application/dicom+json"}) {
    test::expect_error(Code::kBadFile, {"multipart/related"}, [&] { object_of(type, "one"); });
  }
  test::expect_error(Code::kBadFile, {}, [] { object_of(kType, "one"); });
  test::expect_error(Code::kBadFile, {"holds no object"}, [] { object_of(kType, "--B--"); });
}

TEST(KeepObject, AnObjectStaysInTheMemoryOfItsAnswer) {
  std::string object;
  for (std::size_t i = 0; i < 300'000; ++i) object += static_cast<char>(i * i % 251);
  for (const std::string head : {"--B\r\n\r\n", "--B\r\nContent-Length: 300000\r\n\r\n", "--B\n\n"}) {
    const std::string end = head.ends_with("\r\n") ? "\r\n" : "\n";
    std::string body = head + object + end + "--B" + end + end + "another" + end + "--B--";
    const char* const memory = body.data();
    keep_object(kType, body);
    EXPECT_TRUE(body == object) << head;
    EXPECT_EQ(body.data(), memory);
  }
}

TEST(MultipartReader, HandsALargePartOnAsItComes) {
  Collected collected;
  MultipartReader reader(kType, collected);
  reader.put("--B\r\n\r\n");
  const std::string block(65536, 'x');
  for (int i = 0; i < 16; ++i) {
    reader.put(block);
    EXPECT_GT(collected.parts.back().size() + 64, block.size() * static_cast<std::size_t>(i + 1));
  }
}

}  // namespace
}  // namespace mi2::dicomweb
