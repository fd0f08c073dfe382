// Rights of users and groups, and the roles that name several.

#include <string>
#include <string_view>
#include <vector>

#include "protocols/archives/rights.hpp"
#include "protocols/caller.hpp"
#include "support/expect_error.hpp"

namespace mi2::protocols::archives {
namespace {

const std::vector<std::string> kNames{"chest", "brain"};

Rights rights_of(const std::string& text) { return Rights::parse(text, "rights.json", kNames); }

std::string caller(const std::string& user, const std::vector<std::string>& groups = {}) {
  return to_text(Caller{.key = {}, .user = user, .groups = groups});
}

/// ["search", ..], without whether some rows are seen alone.
std::string rights_for(const Rights& rights, const std::string& who, const std::string& archive = "chest") {
  const std::string text = rights_json(rights.of(who, archive));
  return text.substr(0, text.find(']') + 1);
}

TEST(Roles, AreBuiltInOrOfTheFileAndAddToRights) {
  const Rights rights = rights_of(R"({"roles": {"curator": ["search", "delete"]}, "users": {
    "search": {"*": {"roles": ["search"]}}, "identifiers": {"*": {"roles": ["identifiers"]}},
    "push": {"*": {"roles": ["push"]}}, "administer": {"*": {"roles": ["administer"]}},
    "curator": {"*": {"roles": ["curator", "identifiers"], "rights": ["push"]}}, "nobody": {"*": {"roles": []}}}})");
  EXPECT_EQ(rights_for(rights, caller("search")), R"(["search"])");
  EXPECT_EQ(rights_for(rights, caller("identifiers")), R"(["search", "paths"])");
  EXPECT_EQ(rights_for(rights, caller("push")), R"(["search", "push"])");
  EXPECT_EQ(rights_for(rights, caller("administer")), R"(["search", "delete", "add", "administer"])");
  EXPECT_EQ(rights_for(rights, caller("curator")), R"(["search", "paths", "delete", "push"])");
  EXPECT_EQ(rights_for(rights, caller("nobody")), "[]");
}

TEST(Users, HaveWhatIsSaidOfThemElseOfTheirGroupsElseOfAnybody) {
  const Rights rights = rights_of(R"({"users": {"alice": {"chest": {"rights": ["search", "delete"]}}, "mallory": {},
      "*": {"brain": {"rights": ["search"]}}},
    "groups": {"readers": {"*": {"rights": ["search"]}}, "senders": {"chest": {"rights": ["search", "push"]}}}})");
  EXPECT_EQ(rights_for(rights, caller("alice", {"readers"})), R"(["search", "delete"])");
  EXPECT_EQ(rights_for(rights, caller("alice", {"readers"}), "brain"), "[]");
  EXPECT_EQ(rights_for(rights, caller("mallory", {"readers"})), "[]");
  EXPECT_EQ(rights_for(rights, caller("bob", {"readers", "senders"})), R"(["search", "push"])");
  EXPECT_EQ(rights_for(rights, caller("bob", {"senders"}), "brain"), "[]");
  EXPECT_EQ(rights_for(rights, caller("carol", {"others"})), "[]");
  EXPECT_EQ(rights_for(rights, caller("carol", {"others"}), "brain"), R"(["search"])");
  EXPECT_EQ(rights_for(rights, ""), "[]") << "who shows no key is no user";
  EXPECT_TRUE(rights.names_users() && rights.names_groups() && !rights.names_keys());
  const Rights keys = rights_of(R"({"keys": {"*": {"*": {"rights": ["search"]}}}})");
  EXPECT_EQ(rights_for(keys, caller("alice")), "[]") << "and a user shows no key";
  EXPECT_FALSE(keys.names_users());
}

TEST(Groups, LetByTogetherNoMoreThanEachOfThemDoes) {
  const Rights rights = rights_of(R"({"groups": {
    "all": {"*": {"rights": ["search"]}}, "north": {"*": {"rights": ["search", "paths"], "where": "site=north"}},
    "south": {"*": {"rights": ["search", "delete", "paths"], "where": "site=south"}},
    "again": {"*": {"rights": ["search"], "where": "site=north"}}, "none": {}}})");
  const auto of = [&](const std::vector<std::string>& groups) { return rights.of(caller("bob", groups), "chest"); };
  const Right two = of({"north", "south"});
  EXPECT_TRUE(two.search && two.paths);
  EXPECT_FALSE(two.remove) << "of the rows of one group alone";
  EXPECT_EQ(archive::filter::to_text(*two.rows), "site=north or site=south");
  EXPECT_EQ(archive::filter::to_text(*of({"again", "north", "none"}).rows), "site=north");
  EXPECT_FALSE(of({"again", "north"}).paths);
  const Right all = of({"all", "north", "south"});
  EXPECT_TRUE(all.search && !all.rows && !all.paths && !all.remove) << "nothing of what is for some rows alone";
  EXPECT_EQ(joined(two, all), joined(all, two));
  EXPECT_EQ(joined(Right{}, two), two);
}

TEST(Groups, WithMoreFiltersThanAreJoinedLetByLess) {
  std::string text = R"({"groups": {)";
  std::vector<std::string> groups;
  for (int i = 10; i < 40; ++i) {
    groups.push_back("g" + std::to_string(i));
    text += (i == 10 ? "\"" : ", \"") + groups.back() + R"(": {"*": {"rights": ["search"], "where": "site=s)" +
            std::to_string(i) + "\"}}";
  }
  const Right right = rights_of(text + "}}").of(caller("bob", groups), "chest");
  EXPECT_EQ(right.rows->parts.size(), kMostFilters);
}

TEST(Rights, OfRolesUsersAndGroupsThatMakeNoSenseAreRefusedByTheirPlace) {
  const auto refused = [](const std::vector<std::string>& words, const std::string& text) {
    test::expect_error(Code::kBadFile, words, [&] { rights_of(text); });
  };
  refused({"role reader", "did you mean search?"}, R"({"roles": {"reader": ["serch"]}, "keys": {}})");
  refused({"role push", "built in"}, R"({"roles": {"push": ["search"]}, "keys": {}})");
  refused({"role x", "expected a list"}, R"({"roles": {"x": "search"}, "keys": {}})");
  refused({"roles", "expected an object"}, R"({"roles": [], "keys": {}})");
  refused({"user 1", "chest", "role: unknown name; did you mean curator?"},
          R"({"roles": {"curator": ["search"]}, "users": {"bob": {"chest": {"roles": ["curatr"]}}}})");
  refused({"group 1", "archive: unknown name; did you mean chest?"}, R"({"groups": {"g": {"chst": {"rights": []}}}})");
  refused({"user 1", "printable"}, R"({"users": {"": {}}})");
  refused({"user 1", "printable"}, R"({"users": {"a\nb": {}}})");
  refused({"group 1", "name of a group"}, R"({"groups": {"*": {}}})");
  refused({"users", "expected an object"}, R"({"users": []})");
  refused({"the file", "'users'"}, R"({"roles": {}})");
  refused({"beside"}, R"({"users": {"a": {"*": {"rights": ["administer"]}}}})");
  refused({"no 'where' beside the right to administer"},
          R"({"users": {"a": {"*": {"roles": ["search"], "rights": ["administer"], "where": "site=A"}}}})");
}

}  // namespace
}  // namespace mi2::protocols::archives
