// Users whom a reverse proxy names: who is believed, and who is not.

#include "server/users.hpp"

#include <string>
#include <utility>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::server {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

protocols::HttpRequest request_with(const Headers& headers, const std::string& method = "GET") {
  protocols::HttpRequest request;
  request.method = method;
  request.headers = headers;
  return request;
}

ProxyOptions options_of(std::vector<std::string> trusted = {"10.0.0.0/8"}) {
  ProxyOptions options;
  options.user_header = "X-Remote-User";
  options.groups_header = "X-Remote-Groups";
  options.trusted = std::move(trusted);
  return options;
}

/// The status of a refusal, 0 for none.
int status_of(const ProxyUsers& users, const Headers& headers, const std::string& method = "GET",
              const char* peer = "10.1.2.3") {
  protocols::Caller caller;
  return users.read(request_with(headers, method), asio::ip::make_address(peer), caller).status;
}

TEST(Network, IsAnAddressOrAllThatBeginAlike) {
  const auto has = [](const std::string& network, const char* address) {
    return Network(network).has(asio::ip::make_address(address));
  };
  EXPECT_TRUE(has("10.0.0.5", "10.0.0.5"));
  EXPECT_TRUE(has("10.0.0.5", "::ffff:10.0.0.5"));
  EXPECT_FALSE(has("10.0.0.5", "10.0.0.4"));
  EXPECT_TRUE(has("10.0.0.0/9", "10.127.255.255"));
  EXPECT_FALSE(has("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(has("fd00::/8", "fd12::1"));
  EXPECT_FALSE(has("fd00::/8", "fe80::1"));
  EXPECT_FALSE(has("fd00::/8", "10.0.0.5"));
  EXPECT_TRUE(has("::1", "::1"));
  EXPECT_FALSE(has("0.0.0.0/0", "fd00::1"));
  EXPECT_TRUE(Network("::/0").is_all());
  for (const char* text : {"", "proxy", "10.0.0", "10.0.0.5/", "10.0.0.5/33", "10.0.0.5/-1", "10.0.0.5/8x", "::/129"}) {
    test::expect_error(Code::kBadArgument, {"--trusted-proxy", "10.0.0.0/8"}, [&] { Network{text}; });
  }
}

TEST(ProxyUsers, AreReadWithTheirGroupsFromATrustedProxy) {
  const ProxyUsers users(options_of());
  protocols::Caller caller;
  const auto request =
      request_with({{"x-remote-user", " HOSP\\alice "}, {"x-remote-groups", "readers, Domain Users,,readers"}});
  EXPECT_EQ(users.read(request, asio::ip::make_address("10.1.2.3"), caller).status, 0);
  EXPECT_EQ(caller.user, "HOSP\\alice");
  EXPECT_EQ(caller.groups, (std::vector<std::string>{"Domain Users", "readers"}));
  const protocols::Caller back = protocols::parse_caller(protocols::to_text(caller));
  EXPECT_EQ(back.user, caller.user);
  EXPECT_EQ(back.groups, caller.groups);
  protocols::Caller nobody;
  EXPECT_EQ(users.read(request_with({}), asio::ip::make_address("10.1.2.3"), nobody).status, 0);
  EXPECT_TRUE(nobody.user.empty());
  EXPECT_EQ(ProxyUsers().read(request, asio::ip::make_address("10.1.2.3"), nobody).status, 0);
  EXPECT_TRUE(nobody.user.empty()) << "no header is read where none was asked for";
}

TEST(ProxyUsers, AreNotBelievedFromElsewhereNorTwiceNorWithoutAName) {
  const ProxyUsers users(options_of());
  EXPECT_EQ(status_of(users, {{"x-remote-user", "alice"}}, "GET", "192.168.0.1"), 400);
  EXPECT_EQ(status_of(users, {{"x-remote-groups", "readers"}}, "GET", "192.168.0.1"), 400);
  EXPECT_EQ(status_of(users, {{"x-remote-user", "alice"}, {"x-remote-user", "alice"}}), 400);
  EXPECT_EQ(status_of(users, {{"x-remote-user", "a"}, {"x-remote-groups", "b"}, {"x-remote-groups", "c"}}), 400);
  EXPECT_EQ(status_of(users, {{"x-remote-groups", "readers"}}), 400);
  for (const std::string& name : {std::string(), std::string("  "), std::string(257, 'a'), std::string("a\tb"),
                                  std::string("a\nb"), std::string("\xC3\xA4")}) {
    EXPECT_EQ(status_of(users, {{"x-remote-user", name}}), 400) << name;
  }
  std::string many;
  for (int i = 0; i < 257; ++i) many += "group" + std::to_string(i) + ",";
  EXPECT_EQ(status_of(users, {{"x-remote-user", "alice"}, {"x-remote-groups", many}}), 400);
  EXPECT_EQ(status_of(users, {{"x-remote-user", "alice"}, {"x-remote-groups", "a,\x01"}}), 400);
}

TEST(ProxyUsers, ShowTheProxysSecretWhereOneIsAskedFor) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "secret") << "the-secret-of-the-proxy-0123\n";
  ProxyOptions options = options_of({"0.0.0.0/0", "::/0"});
  test::expect_error(Code::kBadArgument, {"--proxy-secret-file"}, [&] { ProxyUsers{options}; });
  options.secret = folder / "secret";
  const ProxyUsers users(options);
  const std::pair<std::string, std::string> alice{"x-remote-user", "alice"};
  const std::pair<std::string, std::string> right{"x-mi2-proxy-secret", "the-secret-of-the-proxy-0123"};
  EXPECT_EQ(status_of(users, {alice, right}), 0);
  EXPECT_EQ(status_of(users, {alice}), 401);
  EXPECT_EQ(status_of(users, {alice, {"x-mi2-proxy-secret", "another-secret-0123456789"}}), 401);
  EXPECT_EQ(status_of(users, {alice, right, right}), 401);
}

TEST(ProxyUsers, ChangeNothingForAPageOfAnotherSite) {
  const ProxyUsers users(options_of());
  const auto asked = [&](const Headers& more, const std::string& method = "POST") {
    Headers headers{{"x-remote-user", "alice"}, {"host", "mi2.example:8443"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return status_of(users, headers, method);
  };
  EXPECT_EQ(asked({}), 0);
  EXPECT_EQ(asked({{"sec-fetch-site", "same-origin"}, {"origin", "https://elsewhere"}}), 0);
  EXPECT_EQ(asked({{"sec-fetch-site", "none"}}), 0);
  EXPECT_EQ(asked({{"origin", "https://MI2.example:8443"}}), 0);
  for (const char* site : {"cross-site", "same-site", "anything"}) EXPECT_EQ(asked({{"sec-fetch-site", site}}), 403);
  for (const char* origin : {"https://evil.example", "https://mi2.example", "null", "mi2.example:8443"}) {
    EXPECT_EQ(asked({{"origin", origin}}), 403) << origin;
    EXPECT_EQ(asked({{"origin", origin}}, "DELETE"), 403) << origin;
    EXPECT_EQ(asked({{"origin", origin}}, "GET"), 0) << origin;
  }
}

TEST(ProxyUsers, HaveGroupsWithCommasWhereAnotherCharacterSeparatesThem) {
  ProxyOptions options = options_of();
  options.groups_separator = ";";
  const ProxyUsers users(options);
  protocols::Caller caller;
  const auto request =
      request_with({{"x-remote-user", "alice"}, {"x-remote-groups", "CN=B,OU=X; CN=A,OU=X;;CN=B,OU=X"}});
  EXPECT_EQ(users.read(request, asio::ip::make_address("10.1.2.3"), caller).status, 0);
  EXPECT_EQ(caller.groups, (std::vector<std::string>{"CN=A,OU=X", "CN=B,OU=X"}));
}

TEST(ProxyUsers, OfOptionsThatMakeNoSenseAreRefused) {
  const auto refused = [](const std::string& word, const auto& change) {
    ProxyOptions options = options_of();
    change(options);
    test::expect_error(Code::kBadArgument, {word}, [&] { ProxyUsers{options}; });
  };
  refused("--trusted-proxy", [](ProxyOptions& options) { options.trusted.clear(); });
  refused("--user-header", [](ProxyOptions& options) { options.user_header.clear(); });
  for (const char* name : {"Authorization", "X-Api-Key", "host", "x remote", "X_Remote", "X-Mi2-Proxy-Secret"}) {
    refused("--user-header", [name](ProxyOptions& options) { options.user_header = name; });
    refused("--groups-header", [name](ProxyOptions& options) { options.groups_header = name; });
  }
  for (const char* text : {"", ";;", "a", "7", "-", ".", "=", "\\", "\n", "\xC3\xA4"}) {
    refused("--groups-separator", [text](ProxyOptions& options) { options.groups_separator = text; });
  }
  refused("--groups-header with it", [](ProxyOptions& options) {
    options.groups_header.clear();
    options.groups_separator = ";";
  });
  refused("another header", [](ProxyOptions& options) { options.groups_header = "x-remote-USER"; });
}

}  // namespace
}  // namespace mi2::server
