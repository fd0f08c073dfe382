#pragma once
// Headers that are text, as NRRD and MetaImage have.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "volume/voxels.hpp"

namespace mi2::volume {

/// Headers are a few kB; those of diffusion MRI with hundreds of gradients some 100 kB.
inline constexpr std::size_t kMostHeader = std::size_t{1} << 20U;

/// A line of a header, without its end; `at` moves behind it. nullopt if no line ends within kMostHeader.
std::optional<std::string_view> next_line(Bytes file, std::size_t& at);

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
/// Words between blanks.
std::vector<std::string_view> words_of(std::string_view text);

/// nullopt unless all of the text is one. Infinities and NaN are numbers.
std::optional<double> number_of(std::string_view text);
std::optional<std::int64_t> whole_number_of(std::string_view text);
/// @throws Error{kBadFile} naming `what` if a word is none.
std::vector<double> numbers_of(std::string_view text, std::string_view what, std::string_view name);
std::vector<std::uint64_t> sizes_of(std::string_view text, std::string_view what, std::string_view name);

/// A name in a header as a file in the folder of `path`. @throws Error{kUnsupported} if it is not a plain name.
std::filesystem::path sibling(const std::filesystem::path& path, std::string_view file);

/// Names with their values; the first of a name counts.
class Fields {
 public:
  void add(std::string name, std::string_view value) { fields_.emplace_back(std::move(name), value); }
  /// Empty if absent.
  [[nodiscard]] std::string_view operator[](std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string_view>> fields_;
};

}  // namespace mi2::volume
