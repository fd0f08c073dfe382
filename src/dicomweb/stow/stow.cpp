#include "dicomweb/stow/stow.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/hash.hpp"
#include "dicomweb/stow/answer.hpp"

namespace mi2::dicomweb::stow {
namespace {

using dicom::results::ResultObject;
using dicom::results::Taken;

/// The body of a request, and what it is. PS3.18 8.7.1 and 10.5.1.
struct Multipart {
  std::string body;
  std::string type;
};

Multipart multipart_of(std::span<const std::byte> object) {
  std::string bytes;
  bytes.reserve(object.size());
  std::transform(object.begin(), object.end(), std::back_inserter(bytes),
                 [](std::byte byte) { return std::to_integer<char>(byte); });
  // A hash of the object is not in it.
  const std::string boundary = "mi2-" + base::sha256_hex(object).substr(0, 32);
  Multipart made;
  made.type = fmt::format(R"(multipart/related; type="application/dicom"; boundary={})", boundary);
  made.body = fmt::format("--{}\r\nContent-Type: application/dicom\r\n\r\n", boundary);
  made.body += bytes;
  made.body += fmt::format("\r\n--{}--\r\n", boundary);
  return made;
}

class StowServer final : public dicom::results::Receiver {
 public:
  StowServer(const Server& server, const ClientOptions& options, const std::stop_token& stop)
      : name_(server.name.empty() ? net::origin_of(server.target) + server.path : server.name),
        path_(server.path + "/studies"),
        client_(server.target, options, pace_, stop) {}

  Taken store(const ResultObject& object) override {
    if (gone_) throw Error(*gone_);
    Multipart parts = multipart_of(object.file);
    Request request;
    request.path = path_;
    request.accept = "application/dicom+json";
    request.body = std::move(parts.body);
    request.body_type = std::move(parts.type);
    try {
      const Answer answer = client_.post(std::move(request), kMostAnswer);
      return read_answer(answer.status, answer.body, object.sop_uid);
    } catch (const RunEnds& error) {
      gone_ = Error(Code::kOverloaded, fmt::format("{}: {}", name_, error.what()));
      throw Error(*gone_);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: {}", name_, error.what()));
    }
  }

 private:
  std::string name_;
  std::string path_;
  Pace pace_{0};
  Client client_;
  std::optional<Error> gone_;  ///< why no further object is sent
};

}  // namespace

Server parse_server(std::string_view url) {
  Server server;
  server.target = net::parse_target(url);
  server.path = server.target.path;
  if (url.find_first_of("?#") != std::string_view::npos) {
    throw Error(Code::kBadArgument, "expected a URL without a query and a fragment");
  }
  while (server.path.ends_with('/')) server.path.pop_back();
  return server;
}

std::unique_ptr<dicom::results::Receiver> open_server(const Server& server, const ClientOptions& options,
                                                      const std::stop_token& stop) {
  return std::make_unique<StowServer>(server, options, stop);
}

}  // namespace mi2::dicomweb::stow
