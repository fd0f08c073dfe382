#include "evaluation/json.hpp"

#include <cstddef>
#include <utility>

#include <nlohmann/json.hpp>

namespace mi2::evaluation {

using Json = nlohmann::ordered_json;

Json confusion_json(const Confusion& confusion) {
  Json rows = Json::array();
  for (std::size_t t = 0; t < confusion.classes(); ++t) {
    Json row = Json::array();
    for (std::size_t p = 0; p < confusion.classes(); ++p) row.push_back(confusion.count(t, p));
    rows.push_back(std::move(row));
  }
  return rows;
}

Json bins_json(const Reliability& reliability) {
  Json bins = Json::array();
  for (const ReliabilityBin& bin : reliability.bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"count", bin.count},
                    {"confidence", bin.confidence},
                    {"accuracy", bin.accuracy}});
  }
  return bins;
}

}  // namespace mi2::evaluation
