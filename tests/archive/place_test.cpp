// URLs of databases, as users give them.

#include <string>

#include <gtest/gtest.h>

#include <mi2/error.hpp>

#include "archive/postgres/place.hpp"

namespace mi2::archive::postgres {
namespace {

/// What an error says of a URL; empty: it was taken.
std::string refusal(const std::string& url) {
  try {
    static_cast<void>(parse_place(url));
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// Where libpq was not there, every URL is refused.
class DatabasePlace : public testing::Test {
 protected:
  void SetUp() override {
    if (refusal("postgres://host/db").find("without") != std::string::npos) GTEST_SKIP() << "built without libpq";
  }
};

TEST_F(DatabasePlace, ASchemaIsTakenOutOfAUrlAndTheRestIsLibpqs) {
  const Place place =
      parse_place("postgres://anna@db.example:5433/hospital?sslmode=verify-full&schema=r_2&connect_timeout=3");
  EXPECT_EQ(place.schema, "r_2");
  EXPECT_EQ(place.url, "postgres://anna@db.example:5433/hospital?sslmode=verify-full&connect_timeout=3");
  EXPECT_EQ(place.name, "postgres://anna@db.example:5433/hospital?schema=r_2");
  EXPECT_EQ(parse_place("postgresql://db.example/hospital").schema, kUsualSchema);
  EXPECT_EQ(parse_place("postgres:///hospital?schema=a").url, "postgres:///hospital");
  EXPECT_EQ(parse_place("postgres://a%1Bb/hospital").name, "postgres://a?b/hospital?schema=mi2");  // for a terminal
}

TEST_F(DatabasePlace, APasswordIsRefusedHoweverItIsWrittenAndNotRepeated) {
  for (const char* const url : {"postgres://anna:s3same@host/db", "postgres://host/db?password=s3same",
                                "postgres://host/db?pass%77ord=s3same", "postgres://host/db?sslpassword=s3same",
                                "postgres://anna:s3same@host/db?nothing=1", "postgres://host/db?s3same"}) {
    const std::string said = refusal(url);
    EXPECT_FALSE(said.empty()) << url;
    EXPECT_EQ(said.find("s3same"), std::string::npos) << said;
  }
}

TEST_F(DatabasePlace, ASchemaIsAPlainName) {
  for (const char* const schema : {"", "Ab", "a b", "a;b", "a\"", "pg_x", "a%20b"}) {
    EXPECT_NE(refusal(std::string("postgres://host/db?schema=") + schema).find("expected a schema"), std::string::npos);
  }
  EXPECT_FALSE(refusal("postgres://host/db?schema=" + std::string(64, 'a')).empty());
  EXPECT_TRUE(refusal("postgres://host/db?schema=" + std::string(63, 'a')).empty());
}

TEST(IsUrl, AFolderIsNone) {
  EXPECT_TRUE(is_url("postgres://host/db"));
  EXPECT_TRUE(is_url("postgresql:///db"));
  EXPECT_FALSE(is_url("postgres/archive"));
  EXPECT_FALSE(is_url("./postgres:archive"));
}

}  // namespace
}  // namespace mi2::archive::postgres
