#include "protocols/archives/head_applying.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "protocols/archives/head.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"
#include "protocols/classes.hpp"

namespace mi2::protocols::archives {
namespace {

/// How far the likeliest label is ahead of the next: 0 is undecided.
double margin_of(std::vector<double> probabilities) {
  std::partial_sort(probabilities.begin(), probabilities.begin() + 2, probabilities.end(), std::greater<>());
  return probabilities[0] - probabilities[1];
}

struct Ranked {
  double key = 0;  ///< the smallest first
  std::size_t place = 0;
};

/// The first `most` of the rows in the order that was asked for.
std::vector<ChosenRow> ordered(archive::Reader& reader, const adapter::Adapter& adapter, const Applying& applying,
                               std::vector<ChosenRow> rows, std::size_t most, const std::stop_token& stop) {
  if (applying.order == Order::kItem) {
    rows.resize(most);
    return rows;
  }
  const auto label = std::find(adapter.labels().begin(), adapter.labels().end(), applying.label);
  if (applying.order == Order::kProbable && label == adapter.labels().end()) {
    throw Error(Code::kBadArgument, "label: expected one of the head's");
  }
  const auto place = static_cast<std::size_t>(label - adapter.labels().begin());
  std::vector<Ranked> ranked;
  ranked.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "apply: stopped");
    const std::vector<double> probabilities = adapter.probabilities(reader.row(rows[i].row, rows[i].crc));
    ranked.push_back(
        {applying.order == Order::kUncertain ? margin_of(probabilities) : -probabilities[place], ranked.size()});
  }
  std::partial_sort(
      ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(most), ranked.end(),
      [](const Ranked& a, const Ranked& b) { return std::pair(a.key, a.place) < std::pair(b.key, b.place); });
  std::vector<ChosenRow> first;
  for (std::size_t i = 0; i < most; ++i) first.push_back(rows[ranked[i].place]);
  return first;
}

std::string row_json(archive::Reader& reader, const adapter::Adapter& adapter, const ChosenRow& row, bool paths) {
  const std::vector<double> probabilities = adapter.probabilities(reader.row(row.row, row.crc));
  const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
  std::string text =
      fmt::format(R"({{{}, "label": {}, "probabilities": [)", archive::item_json(reader.item(row.row), paths),
                  base::json_string(adapter.labels().at(static_cast<std::size_t>(best))));
  for (const double probability : probabilities) {
    if (!text.ends_with('[')) text += ", ";
    base::append_number(text, probability);
  }
  text += R"(], "margin": )";
  base::append_number(text, margin_of(probabilities));
  return text + '}';
}

}  // namespace

std::string take_label(Json& value, std::string_view name) {
  std::string text = take_string(value, name);
  if (text.size() <= kMostLabelBytes) return text;
  throw Error(Code::kTooLarge,
              fmt::format("{}: expected at most {} bytes, got {}", name, kMostLabelBytes, text.size()));
}

Applying read_applying(Json& body, const Right& right) {
  static const std::vector<std::string> kMembers{"items", "where", "by", "limit", "order", "label", "not_items"};
  constexpr std::array<std::string_view, 3> kOrders{"item", "uncertain", "probable"};
  check_members(body, "body", kMembers);
  Applying applying;
  applying.chosen = read_chosen(body, right);
  if (Json* const list = member(body, "not_items")) {
    if (need_array(*list, "not_items").size() > kMostLabelled) {
      throw Error(Code::kTooLarge, fmt::format("not_items: expected at most {}, got {}", kMostLabelled, list->size()));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      applying.left_out.insert(read_item((*list)[i], fmt::format("not_items {}", i + 1)));
    }
  }
  const std::string order = read_choice(body, "order", kOrders).value_or("item");
  if (order == "uncertain") applying.order = Order::kUncertain;
  if (order == "probable") applying.order = Order::kProbable;
  Json* const label = member(body, "label");
  if ((label != nullptr) != (applying.order == Order::kProbable)) {
    throw Error(Code::kBadArgument, "label: expected it with order probable, and with that alone");
  }
  if (label != nullptr) applying.label = take_label(*label, "label");
  return applying;
}

Applied apply(archive::Reader& reader, const Right& right, const adapter::Adapter& adapter, const Applying& applying,
              const Limits& limits, const std::stop_token& stop) {
  std::vector<ChosenRow> rows = chosen_rows(reader, right, applying.chosen, "apply");
  std::erase_if(rows, [&](const ChosenRow& row) { return applying.left_out.contains(row.row); });
  Applied applied;
  applied.chosen = rows.size();
  applied.shown = applying.chosen.items.empty() ? std::min(applying.chosen.limit, rows.size()) : rows.size();
  check_answer(limits, applied.shown, adapter.labels());
  std::string text = fmt::format(R"("labels": {}, "chosen": {}, "snapshot": {}, "more": {}, "results": [)",
                                 base::json_strings(adapter.labels()), applied.chosen, reader.sequence(),
                                 applied.shown < applied.chosen);
  for (const ChosenRow& row : ordered(reader, adapter, applying, std::move(rows), applied.shown, stop)) {
    if (stop.stop_requested()) throw Error(Code::kInternal, "apply: stopped");
    if (!text.ends_with('[')) text += ", ";
    text += row_json(reader, adapter, row, right.paths);
  }
  reader.check();
  applied.json = std::move(text) + ']';
  return applied;
}

}  // namespace mi2::protocols::archives
