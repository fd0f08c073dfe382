#include "bench_serve.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "benchmark/bench_server.hpp"

#include <mi2/error.hpp>

#include "output.hpp"
#include "progress.hpp"
#include "report.hpp"

namespace mi2::cli {
namespace {

constexpr std::size_t kMaxRequestBytes = 16U << 20;  ///< 1024 texts of 77 ids need a tenth

/// Standard input, line by line. A line over the limit is read to its end but not kept.
class RequestReader {
 public:
  struct Line {
    std::string text;
    bool too_long = false;
  };

  /// @returns nothing at the end of the input. @throws Error{kBadFile} when it cannot be read.
  std::optional<Line> next() {
    Line line;
    for (;;) {
      const std::string_view rest(block_.data() + begin_, end_ - begin_);
      const std::size_t length = std::min(rest.find('\n'), rest.size());
      line.too_long = line.too_long || line.text.size() + length > kMaxRequestBytes;
      if (line.too_long) {
        line.text.clear();
      } else {
        line.text.append(rest.substr(0, length));
      }
      started_ = started_ || length > 0;
      begin_ += length;
      if (length < rest.size()) {
        ++begin_;
        started_ = false;
        return line;
      }
      if (!fill()) {
        if (!std::exchange(started_, false)) return std::nullopt;
        return line;
      }
    }
  }

 private:
  /// @returns false at the end.
  bool fill() {
    for (;;) {
      const ssize_t got = ::read(STDIN_FILENO, block_.data(), block_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw Error(Code::kBadFile, fmt::format("-: cannot read standard input: {}", std::strerror(errno)));
      begin_ = 0;
      end_ = static_cast<std::size_t>(got);
      return got > 0;
    }
  }

  std::array<char, 65536> block_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool started_ = false;  ///< the line under way has a byte
};

std::string answer(benchmark::BenchServer& server, const RequestReader::Line& request) {
  if (request.too_long) {
    throw Error(Code::kTooLarge, fmt::format("more than {} bytes in a line", kMaxRequestBytes));
  }
  try {
    return server.answer(request.text);
  } catch (const std::bad_alloc&) {
    throw Error(Code::kTooLarge, "not enough memory; a smaller batch needs less");
  }
}

}  // namespace

int serve_benchmark(const benchmark::BenchmarkOptions& options) {
  benchmark::BenchServer server = [&] {
    const Waiting loading("loading the model");
    return benchmark::BenchServer(options);
  }();
  const Still still;  // who asks knows what it waits for
  Progress progress(0, "requests");
  Report report(progress);
  const auto output = open_output("-");
  const auto say = [&](const std::string& line) {
    output->write(line + '\n');
    output->flush();
  };
  say(server.greeting());
  RequestReader reader;
  std::size_t number = 0;
  while (const std::optional<RequestReader::Line> request = reader.next()) {
    ++number;
    try {
      const std::string line = answer(server, *request);
      report.good();
      say(line);
    } catch (const Error& error) {
      report.bad(fmt::format("request {}", number), error);
      say(benchmark::error_answer(error));
    }
  }
  output->commit();
  return report.exit_status();
}

}  // namespace mi2::cli
