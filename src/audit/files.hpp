#pragma once
// The files of an audit list.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::audit {

/// FOLDER/audit-000012.jsonl
std::filesystem::path file_of(const std::filesystem::path& folder, std::uint32_t number);

/// The numbers of the files that are there, in order: the first ones may have been put elsewhere.
/// @throws Error{kNotFound} without the folder; {kBadFile} if it cannot be read.
std::vector<std::uint32_t> numbers_in(const std::filesystem::path& folder);

/// An open file, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

/// The bytes of a regular file. @throws Error{kBadFile}.
std::uint64_t size_of(const Descriptor& file, const std::filesystem::path& path);

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what);

/// What a line says of itself and the one before.
struct Head {
  std::uint64_t number = 0;
  std::string time;
  std::string previous;
};
/// @param line  without its end. @param place  what errors call it. @throws Error{kBadFile}.
Head parse_head(std::string_view line, std::string_view place);

}  // namespace mi2::audit
