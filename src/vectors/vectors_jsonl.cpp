#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "vectors/file_rows.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 16;

/// One line as nlohmann's events arrive: no tree of a thousand numbers is built.
class Line final : public nlohmann::json_sax<Json> {
 public:
  Line(std::string_view source, std::size_t number, std::vector<float>& values)
      : source_(source), number_(number), values_(values) {}

  [[noreturn]] void refuse(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", source_, number_, what));
  }

  bool null() override { return in_frame() || other("null"); }
  bool boolean(bool /*value*/) override { return other("a boolean"); }
  bool binary(binary_t& /*value*/) override { return other("binary data"); }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    if (in_frame()) {
      (key_ == "frame" ? row.frame : row.frames) = value;
      return true;
    }
    return number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return number(value); }

  bool string(string_t& value) override {
    if (depth_ == 1 && (key_ == "path" || key_ == "text")) {
      if (has_name) refuse("has both a path and a text");
      has_name = true;
      row.name = std::move(value);
      row.is_text = key_ == "text";
      return true;
    }
    if (depth_ == 2 && in_provenance_) {
      if (std::string* const known = field()) *known = std::move(value);
      return true;
    }
    return other("a string");
  }

  bool start_object(std::size_t /*elements*/) override {
    if (depth_ == 0) return deeper();
    if (depth_ == 1 && key_ == "provenance") {
      in_provenance_ = true;
      provenance.emplace();
      return deeper();
    }
    row.is_tile = row.is_tile || (depth_ == 1 && key_ == "tile");
    other("an object");
    return deeper();
  }

  bool end_object() override {
    if (--depth_ == 1) in_provenance_ = false;
    return true;
  }

  bool start_array(std::size_t /*elements*/) override {
    if (depth_ == 0) refuse("expected an object, got an array");
    if (depth_ == 1 && key_ == "embedding") {
      has_embedding = in_embedding_ = true;
      return deeper();
    }
    other("an array");
    return deeper();
  }

  bool end_array() override {
    if (--depth_ == 1) in_embedding_ = false;
    return true;
  }

  bool key(string_t& key) override {
    if (depth_ == 1) {
      if (!keys_.insert(key).second) refuse("has a key twice");
      key_ = key;
    } else if (depth_ == 2) {
      inner_key_ = key;
      if (in_provenance_ && field() != nullptr && !fields_.insert(key).second) refuse("its provenance has a key twice");
    }
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/, const Json::exception& /*why*/) override {
    refuse("is not JSON in UTF-8");
  }

  NamedRow row;
  std::optional<Provenance> provenance;
  bool has_name = false;
  bool has_embedding = false;

 private:
  bool deeper() {
    if (++depth_ > kMaxDepth) refuse("is nested too deeply");
    return true;
  }

  bool number(double value) {
    if (!in_embedding_ || depth_ != 2) return other("a number");
    // Out of float's range is not finite as a float; the largest float's shortest digits are a little more than it is.
    constexpr double kLargest = std::numeric_limits<float>::max();
    constexpr double kRoundsToLargest = 0x1.ffffffp127;
    if (!(std::abs(value) < kRoundsToLargest)) refuse("an embedding's number is not finite");
    if (values_.size() >= kMaxNumbers) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} numbers", source_, kMaxNumbers));
    }
    values_.push_back(static_cast<float>(std::clamp(value, -kLargest, kLargest)));
    return true;
  }

  [[nodiscard]] bool in_frame() const { return depth_ == 1 && (key_ == "frame" || key_ == "frames"); }

  /// What inner_key_ is of the provenance; nothing for a key that is none of ours.
  [[nodiscard]] std::string* field() {
    if (inner_key_ == "weights_sha256") return &provenance->weights_sha256;
    if (inner_key_ == "profile") return &provenance->profile;
    if (inner_key_ == "dtype") return &provenance->dtype;
    if (inner_key_ == "version") return &provenance->version;
    if (inner_key_ == "instructions") return &provenance->instructions;
    return nullptr;
  }

  /// A value of a key that means nothing here passes; of one that does, it is of the wrong type.
  bool other(std::string_view found) {
    if (depth_ == 0) refuse(fmt::format("expected an object, got {}", found));
    if (in_embedding_) refuse(fmt::format("expected numbers in the embedding, got {}", found));
    if (depth_ == 1 && (key_ == "path" || key_ == "text" || key_ == "embedding" || key_ == "provenance")) {
      refuse(fmt::format("its '{}' is {}", key_, found));
    }
    if (depth_ == 2 && in_provenance_ && field() != nullptr) {
      refuse(fmt::format("its provenance's '{}' is {}, expected a string", inner_key_, found));
    }
    // Taken for none it would be the middle frame.
    if (in_frame()) refuse(fmt::format("its '{}' is {}, expected a whole number", key_, found));
    return true;
  }

  std::string_view source_;
  std::size_t number_;
  std::vector<float>& values_;
  std::unordered_set<std::string> keys_;
  std::unordered_set<std::string> fields_;  ///< of the provenance
  std::string key_;
  std::string inner_key_;
  std::size_t depth_ = 0;
  bool in_embedding_ = false;
  bool in_provenance_ = false;
};

}  // namespace

NamedRow parse_line(std::string_view text, std::string_view source, std::size_t number, std::vector<float>& values,
                    std::optional<Provenance>& provenance) {
  const std::size_t before = values.size();
  Line line(source, number, values);
  // nlohmann's lexer takes a NUL for the end.
  if (text.find('\0') != std::string_view::npos) line.refuse("is not JSON in UTF-8");
  Json::sax_parse(text, &line);
  const std::size_t length = values.size() - before;
  if (!line.has_name) line.refuse("has neither a path nor a text");
  if (!line.has_embedding || length == 0) line.refuse("has no embedding");
  if (length > kMaxDimensions) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} dimensions, the limit is {}", source, length, kMaxDimensions));
  }
  provenance = std::move(line.provenance);
  return std::move(line.row);
}

std::string_view take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  std::string_view text = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

VectorTable parse_jsonl(std::string_view bytes, std::string_view source) {
  VectorTable table;
  table.source = source;
  std::vector<float> numbers;
  std::size_t dimensions = 0;
  std::size_t number = 0;
  const auto refuse = [&](std::string_view what) {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", source, number, what));
  };
  while (!bytes.empty()) {
    const std::string_view text = take_line(bytes);
    ++number;
    if (text.empty()) continue;
    const std::size_t before = numbers.size();
    std::optional<Provenance> provenance;
    NamedRow row = parse_line(text, source, number, numbers, provenance);
    const std::size_t length = numbers.size() - before;
    if (table.names.empty()) {
      dimensions = length;
      table.provenance = provenance;
    }
    if (length != dimensions) {
      refuse(fmt::format("its embedding has {} numbers, those before have {}", length, dimensions));
    }
    if (!same_origin(provenance, table.provenance))
      refuse("is of another model, profile or dtype than the rows before");
    if (row.frame != 0) table.frames.resize(table.names.size());
    if (row.frame != 0 || !table.frames.empty()) table.frames.push_back(row.frame);
    table.names.push_back(std::move(row.name));
  }
  table.vectors = {std::move(numbers), dimensions};
  return table;
}

}  // namespace mi2::vectors
