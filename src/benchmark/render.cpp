// The benchmark's report as JSON and as tables.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "benchmark/benchmark.hpp"
#include "benchmark/json.hpp"

namespace mi2::benchmark {

Json json_of(const std::vector<TimedPart>& parts) {
  Json rows = Json::array();
  for (const TimedPart& part : parts) {
    Json row{{"segment", part.segment}};
    if (!part.op.empty()) row["op"] = part.op;
    row.update({{"seconds", part.seconds}, {"share", part.share}, {"calls", part.calls}});
    if (part.gflops > 0) row["gflops"] = part.gflops;
    rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

Json to_json(const Timing& timing) {
  return {{"median_s", timing.median},
          {"min_s", timing.fastest},
          {"max_s", timing.slowest},
          {"per_second", timing.per_second},
          {"gflops", timing.gflops}};
}

std::string line_of(const char* what, const Timing& t) {
  return fmt::format("{:<6} {:9.1f} ms median   {:9.1f} .. {:.1f}   {:8.2f} /s   {:7.1f} GFLOP/s\n", what,
                     t.median * 1e3, t.fastest * 1e3, t.slowest * 1e3, t.per_second, t.gflops);
}

std::string table_of(const char* what, const std::vector<TimedPart>& parts) {
  std::string text =
      fmt::format("\n{:<8} {:<22} {:>10} {:>7} {:>7} {:>9}\n", what, "op", "ms", "share", "calls", "GFLOP/s");
  for (const TimedPart& part : parts) {
    text += fmt::format("{:<8} {:<22} {:>10.2f} {:>6.1f}% {:>7.0f} {:>9}\n", part.segment,
                        part.op.empty() ? "(all)" : part.op, part.seconds * 1e3, part.share * 100, part.calls,
                        part.gflops > 0 ? fmt::format("{:.1f}", part.gflops) : "");
  }
  return text;
}

}  // namespace

std::string to_json(const BenchmarkReport& r) {
  const Json json{{"cpu", r.cpu},
                  {"engine", r.engine},
                  {"model", r.model},
                  {"dtype", r.dtype},
                  {"threads", r.threads},
                  {"batch", r.batch},
                  {"rounds", r.rounds},
                  {"tokens", r.tokens},
                  {"load_s", r.load_seconds},
                  {"resident_bytes", r.resident_bytes},
                  {"peak_bytes", r.peak_bytes},
                  {"image", to_json(r.image)},
                  {"text", to_json(r.text)},
                  {"image_parts", json_of(r.image_parts)},
                  {"text_parts", json_of(r.text_parts)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const BenchmarkReport& r) {
  std::string text = fmt::format(
      "{}: {}, {} threads, engine {}\n{}, batch {}, {} rounds; loaded in {:.2f} s, {:.2f} GB "
      "resident after load, {:.2f} GB at most\n\n",
      r.model, r.cpu, r.threads, r.engine, r.dtype, r.batch, r.rounds, r.load_seconds, r.resident_bytes / 1e9,
      r.peak_bytes / 1e9);
  text += line_of("image", r.image);
  text += line_of("text", r.text);
  text += table_of("image", r.image_parts);
  text += table_of("text", r.text_parts);
  return text;
}

}  // namespace mi2::benchmark
