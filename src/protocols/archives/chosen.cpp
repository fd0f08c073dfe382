#include "protocols/archives/chosen.hpp"

#include <array>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/owners.hpp"
#include "protocols/archives/items.hpp"
#include "protocols/archives/judgement.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {

Chosen read_chosen(Json& body, const Right& right, bool sent) {
  constexpr std::array<std::string_view, 2> kBy{"image", "series"};
  Chosen chosen;
  chosen.limit = static_cast<std::size_t>(read_whole(body, "limit", 1, kMostShownOf).value_or(kUsualShown));
  const std::optional<std::string> by = read_choice(body, "by", kBy);
  if (by == "series") chosen.pooling = archive::Pooling::kMean;
  Json* const items = member(body, "items");
  Json* const where = member(body, "where");
  const int kinds = (sent ? 1 : 0) + (items != nullptr ? 1 : 0) + (where != nullptr ? 1 : 0);
  if (kinds > 1) {
    throw Error(Code::kBadArgument, sent ? "body: expected image, items or where, got two of them"
                                         : "body: expected items or where, got both");
  }
  if (by && kinds == 1 && where == nullptr) throw Error(Code::kBadArgument, "by: expected it with where alone");
  if (where != nullptr) chosen.where = read_where(*where, right);
  if (items == nullptr) return chosen;
  if (!items->is_array()) {
    chosen.items.push_back(read_item(*items, "items"));
    return chosen;
  }
  if (items->empty()) throw Error(Code::kBadArgument, "items: is empty");
  if (items->size() > kMostShownOf) {
    throw Error(Code::kTooLarge, fmt::format("items: expected at most {}, got {}", kMostShownOf, items->size()));
  }
  for (const Json& one : *items) {
    chosen.items.push_back(read_item(one, fmt::format("items {}", chosen.items.size() + 1)));
  }
  return chosen;
}

std::vector<ChosenRow> chosen_rows(archive::Reader& reader, const Right& right, const Chosen& chosen,
                                   std::string_view what) {
  std::vector<ChosenRow> rows;
  for (const std::uint64_t item : chosen.items) rows.push_back({item, visible_item(reader, right, item).crc});
  if (!chosen.items.empty()) return rows;
  const auto wanted = chosen.where ? reader.allowed(*chosen.where) : nullptr;
  const auto visible = right.rows ? reader.allowed(*right.rows) : nullptr;
  archive::Numbers owners;
  const archive::Cases cases =
      archive::cases_of(reader, chosen.pooling, owners,
                        [&](const archive::RowFacts& row) {
                          const auto place = static_cast<std::size_t>(row.row);
                          return (!wanted || wanted->test(place)) && (!visible || visible->test(place));
                        },
                        {what, kMostCompared});
  for (const archive::Case& one : cases.all) rows.push_back({one.rows.front().row, one.rows.front().crc});
  return rows;
}

}  // namespace mi2::protocols::archives
