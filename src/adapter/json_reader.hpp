#pragma once
// Typed access to the JSON of adapters.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace mi2::adapter {

/// Of one object; every refusal is an Error{kBadFile} that names the file and the key's whole path.
class JsonReader {
 public:
  /// `json` and `file` outlive the reader.
  JsonReader(const nlohmann::json& json, std::string_view file, std::string path);

  /// No other keys than these are known.
  void allow(std::initializer_list<std::string_view> known) const;
  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const nlohmann::json& get(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key, double low, double high) const;
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  /// An object of numbers.
  [[nodiscard]] std::map<std::string, double> numbers(std::string_view key) const;
  /// A list of numbers, as many as `most` at most.
  [[nodiscard]] std::vector<double> list(std::string_view key, std::size_t most) const;
  [[nodiscard]] JsonReader object(std::string_view key) const;

  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] std::string_view file() const noexcept { return file_; }
  [[noreturn]] void refuse(std::string_view key, std::string_view what) const;

 private:
  const nlohmann::json& json_;
  std::string_view file_;
  std::string path_;
};

/// @throws as base::parse_json, Error{kBadFile} for text that is refused. @param max_values  as JsonRules.
nlohmann::json parse_json(std::string_view json, std::string_view file, std::size_t max_values = 1U << 21);

}  // namespace mi2::adapter
