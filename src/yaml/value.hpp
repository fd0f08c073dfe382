#pragma once
// One value of a YAML file with where it stands, read as a type and within a range.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include <mi2/error.hpp>

namespace mi2::yaml {

/// Where a value stands.
struct Place {
  std::string source;          ///< "train.yaml:12" or "--set"
  Code code = Code::kBadFile;  ///< of errors about it
};

class Value {
 public:
  Value(const YAML::Node& node, std::string path, Place place)
      : node_(node), path_(std::move(path)), place_(std::move(place)) {}

  [[nodiscard]] const YAML::Node& node() const noexcept { return node_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const Place& place() const noexcept { return place_; }
  [[nodiscard]] bool is_null() const { return node_.IsNull(); }

  // All below throw Error of place().code for a value of another type or out of range.
  [[nodiscard]] std::string text() const;
  /// Like text(), and not longer than a path or a pattern may be.
  [[nodiscard]] std::string short_text() const;
  [[nodiscard]] bool flag() const;
  [[nodiscard]] double number(double low, double high) const;
  [[nodiscard]] std::int64_t integer(std::int64_t low, std::int64_t high) const;
  /// Two numbers, the first not above the second.
  [[nodiscard]] std::pair<double, double> range(double low, double high) const;
  /// The entries of a list.
  [[nodiscard]] std::vector<Value> items() const;
  /// The entries of a map, each with its key as the last part of its path. A key given twice is an error.
  [[nodiscard]] std::vector<std::pair<std::string, Value>> entries() const;

  /// "SOURCE: PATH what"
  [[noreturn]] void fail(std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view what) const;

 private:
  YAML::Node node_;
  std::string path_;
  Place place_;
};

/// The document in a text. @throws Error of `place` if it is not YAML.
YAML::Node parse(std::string_view text, const Place& place);

}  // namespace mi2::yaml
