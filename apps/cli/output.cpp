#include "output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/table.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace mi2::cli {
namespace {

namespace fs = std::filesystem;

/// Endings of files that hold data, and by which programs choose how to read them.
constexpr std::array<std::string_view, 16> kDataEndings{"arrow", "csv", "feather",     "h5",  "hdf5",   "jsonl",
                                                        "mat",   "npy", "npz",         "pkl", "pickle", "parquet",
                                                        "pt",    "pth", "safetensors", "tsv"};

/// What to do about a format of the data-frame world, which no library of Debian's writes.
constexpr std::string_view kToParquet =
    "; this program has no Arrow: write .jsonl, and docs/cli.md has the line that makes Parquet of it; Python's "
    "medimageinsight.to_parquet writes it";

/// A descriptor written in place, through a buffer.
class StreamOutput final : public Output {
 public:
  StreamOutput(int descriptor, std::string name, bool owned)
      : descriptor_(descriptor), name_(std::move(name)), owned_(owned), on_terminal_(::isatty(descriptor) == 1) {}
  StreamOutput(const StreamOutput&) = delete;
  StreamOutput& operator=(const StreamOutput&) = delete;
  ~StreamOutput() override {
    if (owned_ && descriptor_ >= 0) ::close(descriptor_);
  }

  void write(std::string_view bytes) override {
    buffer_.append(bytes);
    if (buffer_.size() >= kBufferBytes) flush();
  }

  void flush() override {
    if (on_terminal_ && !buffer_.empty()) make_room();
    if (!base::write_all(descriptor_, buffer_)) fail();
    buffer_.clear();
  }

  void commit() override {
    flush();
    // Some file systems tell only on closing that the disk is full; closing a copy asks without giving up the original.
    const int copy = owned_ ? std::exchange(descriptor_, -1) : ::dup(descriptor_);
    if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) fail();
  }

 private:
  static constexpr std::size_t kBufferBytes = 1U << 16;

  [[noreturn]] void fail() const {
    throw Error(Code::kBadFile, fmt::format("{}: cannot write: {}", name_, std::strerror(errno)));
  }

  int descriptor_;
  std::string name_;
  bool owned_;
  bool on_terminal_;
  std::string buffer_;
};

class WholeFileOutput final : public Output {
 public:
  explicit WholeFileOutput(const fs::path& path) : file_(path) {}
  void write(std::string_view bytes) override { file_.write(bytes); }
  void flush() override {}
  void commit() override { file_.commit(); }
  void withdraw_old() override { file_.withdraw_old(); }
  [[nodiscard]] bool can_rewrite() const noexcept override { return true; }
  void rewrite_start(std::string_view bytes) override { file_.write_at(0, bytes); }

 private:
  base::AtomicFile file_;
};

}  // namespace

void Output::rewrite_start(std::string_view /*bytes*/) {
  throw Error(Code::kInternal, "this output cannot be rewritten");
}

bool is_file_output(const std::string& path) {
  if (path.empty() || path == "-") return false;
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return !fs::exists(status) || fs::is_regular_file(status);
}

void check_is_new(const std::string& path, bool force) {
  std::error_code ignored;
  if (force || !is_file_output(path) || !fs::exists(path, ignored)) return;
  throw Error(Code::kBadArgument, fmt::format("{}: already exists; --force replaces it", path));
}

std::string result_format(const std::string& chosen, const std::string& path, std::span<const std::string> formats,
                          const std::string& usual) {
  const std::string ending = base::lower_ascii(fs::path(path).extension().string());
  const auto writes = [&](std::string_view format) { return std::ranges::find(formats, format) != formats.end(); };
  std::string named = ending.empty() ? ending : ending.substr(1);
  if (named == "ndjson" || named == "json") named = "jsonl";
  if (named == "txt") named = "table";
  if (path.empty() || path == "-" || !is_file_output(path)) named.clear();
  if (!writes(named)) {
    if (chosen.empty() && std::ranges::find(kDataEndings, named) != kDataEndings.end()) {
      const bool of_arrow = named == "parquet" || named == "arrow" || named == "feather";
      throw Error(Code::kBadArgument,
                  fmt::format("--out: {} is not written; expected a name that ends in .{}, or --format{}", ending,
                              fmt::join(formats, ", ."), of_arrow ? kToParquet : ""));
    }
    return chosen.empty() ? usual : chosen;
  }
  if (!chosen.empty() && chosen != named && named != "table") {
    throw Error(Code::kBadArgument,
                fmt::format("--out: its name ends in {}, but --format is {}; expected one that agrees with the other",
                            ending, chosen));
  }
  return chosen.empty() ? named : chosen;
}

std::unique_ptr<Output> open_output(const std::string& path) {
  if (path.empty() || path == "-") return std::make_unique<StreamOutput>(STDOUT_FILENO, "standard output", false);
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) {
    throw Error(Code::kBadArgument, fmt::format("{}: is a folder; --out expects a file", path));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
      throw Error(Code::kBadFile, fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
    }
    return std::make_unique<StreamOutput>(descriptor, path, true);
  }
  std::error_code unresolved;
  const fs::path target = fs::exists(status) ? fs::canonical(path, unresolved) : fs::path(path);
  catch_interrupts();
  return std::make_unique<WholeFileOutput>(unresolved ? fs::path(path) : target);
}

fs::path make_report_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder, error.message()));
  return folder;
}

}  // namespace mi2::cli
