#pragma once
// Classes by name: one number and some prompts each, the same in all sources of a run.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mi2::dataset {

/// Numbers are given from 0 in the order names come. Not safe to change from several threads.
class ClassTable {
 public:
  /// The number of a class, a new one if the name is new.
  /// @throws Error{kBadArgument} for an empty name or one that is not UTF-8.
  std::int64_t add(std::string_view name);

  /// Reads a CSV with columns label and prompt; a label in several rows has several prompts.
  /// @throws Error{kNotFound}, {kTooLarge}; {kBadFile} naming the line: a column missing, an empty label or prompt.
  void add_prompts(const std::filesystem::path& csv);

  [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(names_.size()); }
  [[nodiscard]] const std::string& name(std::int64_t id) const { return names_[static_cast<std::size_t>(id)]; }
  /// The texts of a class: its prompts, or its name if it has none.
  [[nodiscard]] const std::vector<std::string>& prompts(std::int64_t id) const {
    return prompts_[static_cast<std::size_t>(id)];
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> prompts_;
  std::vector<bool> own_prompts_;  ///< false: prompts_ holds the name
  std::unordered_map<std::string, std::int64_t> ids_;
};

}  // namespace mi2::dataset
