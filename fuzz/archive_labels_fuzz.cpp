// Tables of labels, as CSV or as rows of JSON: whatever the bytes, labels that a filter can ask for, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"
#include "archive/given/label_rows.hpp"
#include "archive/labels.hpp"
#include "base/json.hpp"
#include "base/table.hpp"

namespace {

using mi2::archive::GivenLabels;
using mi2::archive::given::LabelRows;

void read(std::string_view text, LabelRows& rows) {
  if (!text.starts_with('[')) return rows.add(mi2::base::Table::parse(text, "labels"));
  const nlohmann::json list = mi2::base::parse_json(text, {.name = "labels"});
  std::size_t line = 0;
  for (const nlohmann::json& row : list) rows.add(row, ++line);
}

void check(const GivenLabels& given) {
  for (const mi2::archive::GivenLabel& label : given.labels) {
    mi2::archive::filter::Expr asked;
    asked.field = "label";
    asked.key = given.keys.at(label.key);
    asked.op = mi2::archive::filter::Op::kEqual;
    asked.values = {label.value};
    if (given.things.at(label.thing).name.empty()) std::abort();
    if (mi2::archive::filter::parse(to_text(asked)) != asked) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LabelRows rows("labels", mi2::Code::kBadFile);
  try {
    read({reinterpret_cast<const char*>(data), size}, rows);
  } catch (const mi2::Error&) {
    return 0;  // a refusal is an answer
  }
  check(rows.given());
  return 0;
}
