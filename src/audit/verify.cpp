#include "audit/verify.hpp"

#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "audit/files.hpp"
#include "audit/trail.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::audit {
namespace {

namespace fs = std::filesystem;

/// The last file may have grown by a line past the size that begins a new one.
constexpr std::uint64_t kMostFileBytes = kFileBytes + (1U << 20);

class Checking {
 public:
  /// @returns what is behind the last line end.
  std::string_view check_file(const fs::path& path, std::string_view text) {
    name_ = path.filename().string();
    std::size_t number = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      check_line(text.substr(0, end), ++number);
      text.remove_prefix(end + 1);
    }
    return text;
  }

  void problem(std::string text) {
    if (++found_ <= kMostProblems) report_.problems.push_back(std::move(text));
  }

  Report finish() {
    if (found_ > kMostProblems) report_.problems.push_back(fmt::format("and {} more", found_ - kMostProblems));
    return std::move(report_);
  }

 private:
  void check_line(std::string_view line, std::size_t number) {
    const std::string place = fmt::format("{}: line {}", name_, number);
    ++report_.lines;
    try {
      const Head head = parse_head(line, place);
      if (report_.first == 0) report_.first = head.number;
      const bool begins = report_.lines == 1;
      if (!begins && head.number != report_.last + 1) {
        problem(fmt::format("{}: expected number {}, got {}", place, report_.last + 1, head.number));
      }
      if (begins ? head.number == 1 && !head.previous.empty() : head.previous != report_.digest) {
        problem(
            fmt::format("{}: follows another line than the one before: one was changed, added or taken out", place));
      }
      report_.last = head.number;
    } catch (const Error& error) {
      problem(error.what());
    }
    report_.digest = base::sha256_hex(std::as_bytes(std::span(line)));
  }

  Report report_;
  std::string name_;
  std::size_t found_ = 0;
};

}  // namespace

Report verify(const fs::path& folder, const base::OnProgress& on_progress) {
  const std::vector<std::uint32_t> numbers = numbers_in(folder);
  if (numbers.empty()) throw Error(Code::kNotFound, fmt::format("{}: no audit list is there", folder.string()));
  Checking checking;
  bool torn = false;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const fs::path path = file_of(folder, numbers[i]);
    const std::string text = base::read_text_file(path, kMostFileBytes);
    const bool last = i + 1 == numbers.size();
    torn = !checking.check_file(path, text).empty();
    if (torn && !last) checking.problem(fmt::format("{}: its last line has no end", path.filename().string()));
    if (!last && numbers[i + 1] != numbers[i] + 1) {
      checking.problem(fmt::format("{} is not there", file_of(folder, numbers[i] + 1).filename().string()));
    }
    if (on_progress) on_progress({"files", i + 1, numbers.size()});
  }
  Report report = checking.finish();
  report.torn = torn;
  return report;
}

}  // namespace mi2::audit
