#include "protocols/archives/about.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "archive/answers.hpp"
#include "archive/filter/filter.hpp"
#include "archive/follower.hpp"
#include "archive/refused.hpp"
#include "base/json_text.hpp"
#include "protocols/archives/cards.hpp"
#include "protocols/archives/classify.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/archives/rights.hpp"
#include "protocols/archives/search_request.hpp"

namespace mi2::protocols::archives {
namespace {

/// Values of a facet that an answer has.
constexpr std::size_t kMostValues = 200;

const archive::filter::Expr* pointer(const std::optional<archive::filter::Expr>& expr) {
  return expr ? &*expr : nullptr;
}

/// A member of how old what is answered of an archive in a database is; empty for one in a folder.
std::string follows_json(const Asked& asked) {
  const std::optional<archive::Following> now = asked.served->following();
  if (!now) return {};
  return fmt::format(R"(, "database": {{"answers": {}, "seconds": {:.3f}}})", now->answers, now->seconds);
}

/// Where the caller may send results, whether cards and heads are kept, and what classifies.
std::string offered_json(const Service& service, const Asked& asked, std::span<const Destination> destinations) {
  std::vector<std::string> names;
  if (asked.right.push) {
    for (const Destination& one : destinations) names.push_back(one.name);
  }
  return fmt::format(R"("keeps_cards": {}, "keeps_heads": {}, "keeps_audit": {}, "push_to": {}, "classifiers": {})",
                     !asked.cards.empty(), !asked.heads.empty(), !asked.audit.empty(), base::json_strings(names),
                     base::json_strings(classifiers_of(service, asked)));
}

}  // namespace

RequestPlan info(const Service& service, const Asked& asked, std::span<const Destination> destinations) {
  return look(asked, [asked, offered = offered_json(service, asked, destinations)](archive::Reader& reader) {
    return fmt::format(R"({{"name": {}, {}, {}, {}, "rights": {}{}}})", base::json_string(asked.name),
                       archive::archive_json(reader),
                       archive::totals_json(reader.catalog().totals(pointer(asked.right.rows))), offered,
                       rights_json(asked.right), follows_json(asked));
  });
}

RequestPlan stats(const Asked& asked) {
  return look(asked, [asked](archive::Reader& reader) {
    if (!asked.right.rows) {
      std::string text = archive::stats_json(reader, archive::read_stats(reader, asked.right.paths));
      return text.insert(text.size() - 1, follows_json(asked));
    }
    return fmt::format(R"({{{}, "totals": {{{}}}{}}})", archive::archive_json(reader),
                       archive::totals_json(reader.catalog().totals(&*asked.right.rows)), follows_json(asked));
  });
}

RequestPlan refused(const Asked& asked, const HttpRequest& request) {
  if (asked.right.rows) return refuse_restricted("refused files");
  static const std::vector<std::string> kKnown{"limit"};
  constexpr std::uint64_t kUsual = 100;
  const auto query = read_query(request.query, kKnown);
  const auto limit = query.find("limit");
  const std::uint64_t most =
      limit == query.end() ? kUsual : read_number(limit->second, "limit", 1, archive::kMostRefused);
  return look(asked, [asked, most](archive::Reader& reader) {
    return archive::refused_json(reader, static_cast<std::size_t>(most), asked.right.paths);
  });
}

RequestPlan facets(const Asked& asked, const HttpRequest& request) {
  static const std::vector<std::string> kKnown{"where"};
  const auto query = read_query(request.query, kKnown);
  std::optional<archive::filter::Expr> filter = asked.right.rows;
  if (const auto where = query.find("where"); where != query.end()) {
    archive::filter::Expr expr = read_where(where->second, asked.right);
    filter = filter ? archive::filter::both(std::move(*filter), std::move(expr)) : std::move(expr);
  }
  return look(asked, [filter](archive::Reader& reader) {
    std::string text = fmt::format(R"({{"snapshot": {}, "images": {}, "facets": {{)", reader.sequence(),
                                   reader.catalog().totals(pointer(filter)).images);
    for (const std::string_view by : archive::kFacets) {
      if (by != archive::kFacets.front()) text += ", ";
      text += archive::facet_json(by, reader.catalog().facet(by, pointer(filter), kMostValues + 1), kMostValues);
    }
    return text + "}}";
  });
}

}  // namespace mi2::protocols::archives
