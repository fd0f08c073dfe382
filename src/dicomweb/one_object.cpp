#include "dicomweb/one_object.hpp"

#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicomweb/receive.hpp"

namespace mi2::dicomweb {
namespace {

constexpr const char* kNoObject = "the answer holds no object";

/// The first part, over what was read: of a part never more is handed over than was put.
class FirstPartInPlace final : public Parts {
 public:
  explicit FirstPartInPlace(std::string& body) : body_(body) {}

  void begin() override { ++begun_; }
  void data(std::string_view piece) override {
    if (begun_ == 1) size_ += piece.copy(body_.data() + size_, piece.size());
  }
  void end() override { whole_ = true; }

  [[nodiscard]] std::size_t size() const {
    if (!whole_) throw Error(Code::kBadFile, kNoObject);
    return size_;
  }

 private:
  std::string& body_;
  std::size_t size_ = 0;
  std::size_t begun_ = 0;
  bool whole_ = false;
};

}  // namespace

void FirstPart::data(std::string_view piece) {
  if (begun_ != 1) return;
  if (object_.size() + piece.size() > most_) {
    throw Error(Code::kTooLarge, fmt::format("the object holds more than {} bytes", most_));
  }
  const auto bytes = std::as_bytes(std::span(piece.data(), piece.size()));
  object_.insert(object_.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> FirstPart::take() {
  if (!whole_) throw Error(Code::kBadFile, kNoObject);
  return std::move(object_);
}

void keep_object(std::string_view content_type, std::string& body) {
  constexpr std::size_t kPiece = 65536;  // what the reader holds of it
  if (is_one_object(content_type)) return;
  FirstPartInPlace part(body);
  MultipartReader reader(content_type, part);
  for (std::size_t at = 0; at < body.size(); at += kPiece) reader.put(std::string_view(body).substr(at, kPiece));
  reader.finish(true);
  body.resize(part.size());
}

}  // namespace mi2::dicomweb
