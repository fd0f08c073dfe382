#include "audit/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/json.hpp"

namespace mi2::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBefore = "audit-";
constexpr std::string_view kAfter = ".jsonl";
constexpr std::size_t kDigits = 6;

std::optional<std::uint32_t> number_of(std::string_view name) {
  if (!name.starts_with(kBefore) || !name.ends_with(kAfter)) return std::nullopt;
  if (name.size() < kBefore.size() + kDigits + kAfter.size()) return std::nullopt;
  const std::string_view digits = name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size());
  std::uint32_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace

fs::path file_of(const fs::path& folder, std::uint32_t number) {
  return folder / fmt::format("{}{:06}{}", kBefore, number, kAfter);
}

std::vector<std::uint32_t> numbers_in(const fs::path& folder) {
  std::vector<std::uint32_t> numbers;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::optional<std::uint32_t> number = number_of(it->path().filename().string());
    if (number && file_of(folder, *number).filename() == it->path().filename()) numbers.push_back(*number);
  }
  if (error) {
    throw Error(error == std::errc::no_such_file_or_directory ? Code::kNotFound : Code::kBadFile,
                fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::uint64_t size_of(const Descriptor& file, const fs::path& path) {
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) fail(path, "cannot be looked at");
  if (!S_ISREG(found.st_mode)) throw Error(Code::kBadFile, fmt::format("{}: expected a file", path.string()));
  return static_cast<std::uint64_t>(found.st_size);
}

void fail(const fs::path& path, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno)));
}

Head parse_head(std::string_view line, std::string_view place) {
  const auto refuse = [&](std::string_view what) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a line of an audit list{}", place, what));
  };
  nlohmann::json read;
  try {
    read = base::parse_json(line, {.name = place, .fault = Code::kBadFile, .max_values = 256, .max_depth = 4});
  } catch (const Error&) {
    refuse("");
  }
  if (!read.is_object()) refuse("");
  const auto number = read.find("n");
  const auto time = read.find("time");
  const auto previous = read.find("previous");
  if (number == read.end() || !number->is_number_unsigned()) refuse(" with its number");
  if (time == read.end() || !time->is_string()) refuse(" with its time");
  if (previous == read.end() || !previous->is_string()) refuse(" with the SHA-256 of the one before");
  return {number->get<std::uint64_t>(), time->get<std::string>(), previous->get<std::string>()};
}

}  // namespace mi2::audit
