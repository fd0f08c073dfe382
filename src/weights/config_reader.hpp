#pragma once
// Typed, range-checked access to the keys of a YAML document; yaml-cpp stays behind it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::weights {

/// Keys are paths: "IMAGE_ENCODER.SPEC.DEPTHS". Every error names the file and the whole path of the key.
class ConfigReader {
 public:
  /// @throws Error{kBadFile} unless `yaml` is one document that holds a map.
  ConfigReader(std::string_view yaml, std::string_view name);
  ~ConfigReader();
  ConfigReader(const ConfigReader&) = delete;
  ConfigReader& operator=(const ConfigReader&) = delete;

  [[nodiscard]] bool has(std::string_view key) const;
  // All below throw Error{kBadFile} for a key that is missing, given twice, of another type or out of range.
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key, double low, double high) const;
  [[nodiscard]] int integer(std::string_view key, int low, int high) const;
  /// A list of at most `most` entries.
  [[nodiscard]] std::vector<double> numbers(std::string_view key, double low, double high, std::size_t most) const;
  [[nodiscard]] std::vector<int> integers(std::string_view key, int low, int high, std::size_t most) const;
  [[nodiscard]] std::vector<bool> flags(std::string_view key, std::size_t most) const;

  [[noreturn]] void fail(std::string_view key, std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view key, std::string_view what) const;

 private:
  struct Document;
  std::string name_;
  std::unique_ptr<Document> document_;
};

}  // namespace mi2::weights
