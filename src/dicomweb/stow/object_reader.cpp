#include "dicomweb/stow/object_reader.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "dicomweb/one_object.hpp"
#include "dicomweb/qido.hpp"
#include "dicomweb/receive.hpp"

namespace mi2::dicomweb::stow {
namespace {

/// Whether it is "studies/UID/series/UID/instances/UID". It becomes a request, and an archive may come from anywhere.
bool names_object(std::string_view path) {
  for (const std::string_view part : {"studies/", "/series/", "/instances/"}) {
    if (!path.starts_with(part)) return false;
    path.remove_prefix(part.size());
    const std::string_view uid = path.substr(0, path.find('/'));
    if (!is_uid(uid)) return false;
    path.remove_prefix(uid.size());
  }
  return path.empty();
}

std::vector<std::byte> fetch(Client& client, std::string path) {
  FirstPart part(kMostObject);
  std::optional<MultipartReader> reader;
  Request request;
  request.path = std::move(path);
  request.accept = kStoredObjects;
  const Head head = client.stream(request, [&](const Head& begun, std::string_view piece) {
    if (!begun.coding.empty() && begun.coding != "identity") {
      throw Error(Code::kUnsupported, "the answer has a coding that was not asked for");
    }
    if (!reader) reader.emplace(begun.content_type, part);
    reader->put(piece);
  });
  if (reader) reader->finish(head.counted);
  return part.take();
}

}  // namespace

ObjectReader::ObjectReader(const Server& server, const ClientOptions& options, const std::stop_token& stop)
    : root_(fmt::format("dicomweb:{}{}/", net::origin_of(server.target), server.path)),
      origin_("dicomweb:" + net::origin_of(server.target)),
      client_(server.target, options, pace_, stop) {}

std::optional<std::vector<std::byte>> ObjectReader::read(const std::string& locator) {
  if (!locator.starts_with(root_) || !names_object(std::string_view(locator).substr(root_.size()))) return std::nullopt;
  if (gone_) throw Error(*gone_);
  try {
    return fetch(client_, locator.substr(origin_.size()));
  } catch (const RunEnds& error) {
    gone_ = Error(Code::kOverloaded, fmt::format("{}: {}", root_, error.what()));
    throw Error(*gone_);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", locator, error.what()));
  }
}

}  // namespace mi2::dicomweb::stow
