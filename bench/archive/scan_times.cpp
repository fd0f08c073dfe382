// Times the archive's exact search over a file of rows, and prints as JSON what it took and what was found. rows.py
// makes the files and compares what was found; race.py and pgvector_race.py run others beside it.
//
//   mi2_archive_scan_times ROWS.f32 QUERIES.f32 DIMENSIONS SLICES ROUNDS
//
// ROWS are series of SLICES rows; every two patients have three of them. Queries are searched one by one, then all at
// once.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/scan/scan.hpp"
#include "base/files.hpp"

namespace mi2::archive::scan {
namespace {

constexpr std::size_t kNearest = 10;

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::span<const float> floats(const base::MappedFile& file) {
  return {reinterpret_cast<const float*>(file.bytes().data()), file.bytes().size() / sizeof(float)};
}

/// A share of all rows, chosen by a hash of their numbers: rows.py chooses the same.
Bitmap chosen(std::size_t rows, double share) {
  Bitmap bits(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (static_cast<std::uint32_t>(row * 2654435761U) >> 12U < share * (1U << 20U)) bits.set(row);
  }
  return bits;
}

nlohmann::json rows_of(const std::vector<Answer>& answers) {
  nlohmann::json all = nlohmann::json::array();
  for (const Answer& answer : answers) {
    if (!answer.exact) throw Error(Code::kInternal, "an answer is not exact");
    nlohmann::json rows = nlohmann::json::array();
    for (const Hit& hit : answer.hits) rows.push_back(hit.row);
    all.push_back(rows);
  }
  return all;
}

struct Race {
  const Scan& scan;
  base::ThreadPool& pool;
  std::vector<Query> queries;
  int rounds;

  /// Milliseconds of a query alone, and what was found.
  [[nodiscard]] nlohmann::json one_by_one(const Scope& scope, std::size_t queries_taken) const {
    std::vector<double> times;
    std::vector<Answer> answers;
    std::size_t reranked = 0;
    for (int round = 0; round < rounds; ++round) {
      answers.clear();
      for (std::size_t q = 0; q < queries_taken; ++q) {
        // Spread over all queries, which are of several kinds.
        const std::span<const Query> one(&queries[q * (queries.size() / queries_taken)], 1);
        times.push_back(1e3 * seconds_of([&] { answers.push_back(scan.search(one, scope, pool).front()); }));
        reranked += answers.back().reranked;
      }
    }
    return {{"ms", median(times)},
            {"reranked", static_cast<double>(reranked) / static_cast<double>(times.size())},
            {"found", rows_of(answers)}};
  }

  [[nodiscard]] nlohmann::json at_once(const Scope& scope) const {
    std::vector<double> times;
    std::vector<Answer> answers;
    for (int round = 0; round < rounds; ++round) {
      times.push_back(seconds_of([&] { answers = scan.search(queries, scope, pool); }));
    }
    return {{"ms", 1e3 * median(times) / static_cast<double>(queries.size())}, {"found", rows_of(answers)}};
  }
};

int run(int count, char** words) {
  if (count != 6) throw Error(Code::kBadArgument, "expected ROWS.f32 QUERIES.f32 DIMENSIONS SLICES ROUNDS");
  const base::MappedFile rows_file(words[1]);
  const base::MappedFile queries_file(words[2]);
  const std::size_t dimensions = std::stoul(words[3]);
  const std::size_t slices = std::stoul(words[4]);
  const std::span<const float> rows = floats(rows_file);
  const std::span<const float> numbers = floats(queries_file);
  base::ThreadPool pool;
  nlohmann::json report;
  double touched = 0;
  for (std::size_t i = 0; i < rows.size(); i += 1024) touched += rows[i];  // warm, as the bars say
  report["touched"] = touched;
  std::shared_ptr<const Codes> codes;
  report["codes_seconds"] = seconds_of([&] {
    codes = std::make_shared<const Codes>(Codes::make(rows, dimensions, {{1, 1}, 1}, pool));
  });
  const std::filesystem::path file = std::string(words[1]) + ".q8";
  report["save_seconds"] = seconds_of([&] { codes->save(file); });
  for (const auto& [name, stamp] : {std::pair("load_seconds", 1U), std::pair("load_by_checksum_seconds", 0U)}) {
    report[name] = seconds_of([&, kept = stamp] {
      codes = std::make_shared<const Codes>(Codes::load(file, rows, dimensions, {{1, 1}, kept}, pool));
    });
    if (codes->encoded() != 0) throw Error(Code::kInternal, "saved codes were not believed");
  }
  const Scan scan(std::vector<Segment>{{rows.data(), codes}});
  Race race{scan, pool, {}, std::stoi(words[5])};
  for (std::size_t at = 0; at < numbers.size(); at += dimensions) {
    const auto vector = numbers.subspan(at, dimensions);
    race.queries.push_back({{vector.begin(), vector.end()}, kNearest, {}});
  }
  constexpr std::size_t kSingle = 40;
  report["threads"] = pool.size();
  report["rows"] = codes->rows();
  report["single"] = race.one_by_one({}, kSingle);
  for (const double share : {1.0, 0.5, 0.25, 0.01, 0.001}) {
    const Bitmap bits = chosen(codes->rows(), share);
    Scope scope;
    scope.allowed = &bits;
    nlohmann::json filtered = race.one_by_one(scope, kSingle);
    filtered["share"] = share;
    report["filtered"].push_back(filtered);
  }
  report["batch"] = race.at_once({});
  // Studies, without those of the patient that the query looks like.
  std::vector<std::uint32_t> studies;
  std::vector<std::uint32_t> patients;
  for (std::size_t row = 0; row < codes->rows(); ++row) {
    studies.push_back(static_cast<std::uint32_t>(row / slices));
    patients.push_back(studies.back() * 2 / 3);
  }
  Scope scope;
  scope.groups = studies;
  scope.owners = patients;
  for (Query& query : race.queries) {
    const std::uint32_t best = scan.search(std::span(&query, 1), {}, pool).front().hits.front().row;
    query.excluded_owners = {patients[best]};
  }
  report["studies"] = race.one_by_one(scope, kSingle);
  std::cout << report.dump() << '\n';
  return 0;
}

}  // namespace
}  // namespace mi2::archive::scan

int main(int count, char** words) {
  try {
    return mi2::archive::scan::run(count, words);
  } catch (const std::exception& error) {
    std::cerr << "mi2_archive_scan_times: " << error.what() << '\n';
    return 1;
  }
}
