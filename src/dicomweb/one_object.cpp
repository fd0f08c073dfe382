#include "dicomweb/one_object.hpp"

#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicomweb/receive.hpp"

namespace mi2::dicomweb {

void FirstPart::data(std::string_view piece) {
  if (begun_ != 1) return;
  if (object_.size() + piece.size() > most_) {
    throw Error(Code::kTooLarge, fmt::format("the object holds more than {} bytes", most_));
  }
  const auto bytes = std::as_bytes(std::span(piece.data(), piece.size()));
  object_.insert(object_.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> FirstPart::take() {
  if (!whole_) throw Error(Code::kBadFile, "the answer holds no object");
  return std::move(object_);
}

std::vector<std::byte> object_of(std::string_view content_type, std::string_view body) {
  FirstPart part(body.size());
  if (is_one_object(content_type)) {
    part.begin();
    part.data(body);
    part.end();
    return part.take();
  }
  MultipartReader reader(content_type, part);
  reader.put(body);
  reader.finish(true);
  return part.take();
}

}  // namespace mi2::dicomweb
