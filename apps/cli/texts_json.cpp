#include "texts_json.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"

namespace mi2::cli {
namespace {

using Json = nlohmann::json;

/// Takes the strings as they are parsed and stops at the first thing that is not one: no document tree is built, so
/// nesting and size cost nothing.
class TextCollector final : public Json::json_sax_t {
 public:
  explicit TextCollector(std::string_view name) : name_(name) {}

  std::vector<std::string> take() { return std::move(texts_); }

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("a number"); }
  bool number_unsigned(number_unsigned_t) override { return refuse("a number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a number"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return refuse("an object"); }
  bool key(string_t&) override { return refuse("an object"); }
  bool end_object() override { return refuse("an object"); }
  bool end_array() override { return true; }

  bool start_array(std::size_t) override {
    if (inside_) return refuse("an array");
    inside_ = true;
    return true;
  }

  bool string(string_t& text) override {
    if (!inside_) return refuse("a string");
    if (texts_.size() == kMaxTexts) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} texts", name_, kMaxTexts));
    }
    texts_.push_back(std::move(text));
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    throw Error(Code::kBadFile,
                fmt::format("{}: not valid JSON at byte {}; expected an array of strings", name_, position));
  }

 private:
  [[noreturn]] bool refuse(std::string_view found) const {
    if (!inside_) {
      throw Error(Code::kBadFile, fmt::format("{}: expected an array of strings, got {}", name_, found));
    }
    throw Error(Code::kBadFile,
                fmt::format("{}: element {} of the array: expected a string, got {}", name_, texts_.size() + 1, found));
  }

  std::string_view name_;
  std::vector<std::string> texts_;
  bool inside_ = false;
};

}  // namespace

std::vector<std::string> parse_texts_json(std::string_view json, std::string_view name) {
  if (json.size() > kMaxTextsJsonBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", name, json.size(), kMaxTextsJsonBytes));
  }
  base::refuse_nul(json, {.name = name, .fault = Code::kBadFile});
  TextCollector collector(name);
  Json::sax_parse(json, &collector);
  return collector.take();
}

}  // namespace mi2::cli
