#include "weights/safetensors_header.hpp"

#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include "tensor/tensor.hpp"
#include "weights/names.hpp"

namespace mi2::weights {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadataKey = "__metadata__";

/// Walks the header as nlohmann's events arrive: no tree is built, so nesting and size cost nothing, and keys that
/// appear twice are seen.
class Handler final : public nlohmann::json_sax<Json> {
 public:
  explicit Handler(std::string_view file) : file_(file) {}

  Header take() { return std::move(header_); }

  bool null() override { return refuse("null"); }
  bool boolean(bool /*value*/) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t /*value*/) override { return refuse("a negative number"); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return refuse("a number that is no 64-bit integer");
  }
  bool binary(binary_t& /*value*/) override { return refuse("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::kNumbers) return refuse("a number");
    std::vector<std::uint64_t>& numbers = field_ == "shape" ? row().shape : row().offsets;
    if (numbers.size() == limit()) fail(fmt::format("has a {} of more than {} numbers", field_, limit()));
    numbers.push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::kMetadata) {
      if (!header_.metadata.emplace(key_, value).second) fail(fmt::format("has the key {} twice", in_quotes(key_)));
      return true;
    }
    if (place_ != Place::kTensor || field_ != "dtype") return refuse("a string");
    row().dtype = value;
    return true;
  }

  bool start_object(std::size_t /*elements*/) override {
    if (place_ == Place::kOutside) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop && key_ == kMetadataKey) {
      place_ = Place::kMetadata;
    } else if (place_ == Place::kTop) {
      place_ = Place::kTensor;
      seen_.clear();
      header_.rows.push_back({key_, {}, {}, {}});
    } else {
      return refuse("an object");
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      for (const char* needed : {"dtype", "shape", "data_offsets"}) {
        if (!seen_.contains(needed)) fail(fmt::format("has no {}", needed));
      }
      if (row().offsets.size() != 2) {
        fail(fmt::format("has {} data_offsets, expected a begin and an end", row().offsets.size()));
      }
    }
    place_ = place_ == Place::kTop ? Place::kOutside : Place::kTop;
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (place_ != Place::kTensor || field_ == "dtype") return refuse("an array");
    place_ = Place::kNumbers;
    return true;
  }

  bool end_array() override {
    place_ = Place::kTensor;
    return true;
  }

  bool key(string_t& key) override {
    if (place_ == Place::kTensor) {
      if (key != "dtype" && key != "shape" && key != "data_offsets") {
        fail(fmt::format("has the key {}, which is none of dtype, shape, data_offsets", in_quotes(key)));
      }
      if (!seen_.insert(key).second) fail(fmt::format("has the key {} twice", in_quotes(key)));
      field_ = key;
      return true;
    }
    key_ = key;
    if (place_ == Place::kTop && !names_.insert(key).second) {
      throw Error(Code::kBadFile, fmt::format("{}: the header names {} twice", file_, in_quotes(key)));
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*why*/) override {
    throw Error(Code::kBadFile, fmt::format("{}: the header is not JSON in UTF-8 at its byte {}", file_, position));
  }

 private:
  enum class Place { kOutside, kTop, kMetadata, kTensor, kNumbers };

  HeaderRow& row() { return header_.rows.back(); }
  [[nodiscard]] std::size_t limit() const { return field_ == "shape" ? tensor::Shape::kMaxRank : 2; }

  [[noreturn]] void fail(const std::string& what) const {
    const bool metadata = place_ == Place::kMetadata || key_ == kMetadataKey;
    throw Error(Code::kBadFile, metadata ? fmt::format("{}: {} {}", file_, kMetadataKey, what)
                                         : fmt::format("{}: tensor {} {}", file_, in_quotes(key_), what));
  }

  bool refuse(std::string_view found) const {
    switch (place_) {
      case Place::kOutside:
        throw Error(Code::kBadFile, fmt::format("{}: the header is {}, it must be an object", file_, found));
      case Place::kTop:
        fail(fmt::format("is {}, it must be an object", found));
      case Place::kMetadata:
        fail(fmt::format("holds {}, it must hold strings", found));
      case Place::kTensor:
      case Place::kNumbers:
        fail(fmt::format("has {} in its {}", found, field_));
    }
    return false;
  }

  std::string_view file_;
  Header header_;
  Place place_ = Place::kOutside;
  std::string key_;    ///< of the top level or of __metadata__
  std::string field_;  ///< of a tensor
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> seen_;  ///< fields of the tensor at hand
};

}  // namespace

Header parse_header(std::string_view json, std::string_view file) {
  // nlohmann's lexer skips a byte order mark and takes a NUL for the end, so both are refused before it runs.
  if (!json.starts_with('{')) {
    throw Error(Code::kBadFile, fmt::format("{}: the header does not start with '{{'", file));
  }
  if (const std::size_t nul = json.find('\0'); nul != std::string_view::npos) {
    throw Error(Code::kBadFile, fmt::format("{}: the header is not JSON in UTF-8 at its byte {}", file, nul));
  }
  Handler handler(file);
  Json::sax_parse(json, &handler);
  return handler.take();
}

}  // namespace mi2::weights
