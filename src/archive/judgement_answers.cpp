#include "archive/judgement_answers.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "archive/answers.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"

namespace mi2::archive {
namespace {

/// A pooled series or study has no path.
std::string judged_item_json(const ItemFacts& item, bool paths) {
  return item_json(item, paths && !item.locator.empty());
}

std::string text_or_null(const std::string& text) { return text.empty() ? "null" : base::json_string(text); }

std::string moved_json(const Reader& archive, const DriftGroup& group, bool paths) {
  std::string text = "[";
  for (const Moved& moved : group.moved) {
    text += text.size() > 1 ? R"(, {"by": )" : R"({"by": )";
    base::append_number(text, moved.by);
    text += fmt::format(", {}}}", item_json(archive.item(moved.row), paths));
  }
  return text + "]";
}

std::string member_json(const Reader& archive, const DupMember& member, bool paths) {
  std::string text = fmt::format(R"({{"why": "{}")", member.why);
  if (member.cosine) {
    text += R"(, "cosine": )";
    base::append_number(text, *member.cosine);
  }
  if (member.bits) text += fmt::format(R"(, "bits": {})", *member.bits);
  if (const std::optional<ItemFacts> item = item_of(archive, member)) {
    return text + fmt::format(", {}}}", item_json(*item, paths));
  }
  if (paths) text += fmt::format(R"(, "path": {})", base::json_string(member.path));
  return text + '}';
}

/// Adds an object to a list of them.
void append_object(std::string& list, const std::string& object) {
  if (!list.ends_with('[')) list += ", ";
  list += object;
}

}  // namespace

std::string outliers_json(const Reader& archive, const OutlierAnswer& answer, Pooling pooling, const Shown& shown) {
  const auto is_outlier = [](const Judged& one) { return one.outlier; };
  const auto outliers = static_cast<std::size_t>(std::count_if(answer.judged.begin(), answer.judged.end(), is_outlier));
  // The highest scores come first.
  const std::size_t all = shown.only_outliers ? outliers : answer.judged.size();
  const std::size_t count = std::min(all, shown.most);
  std::string text = fmt::format(
      R"({{"judged": {}, "outliers": {}, "reference": {}, "reference_judged": {}, "alone": {}, "too_few": {}, )"
      R"("threshold": )",
      answer.judged.size(), outliers, answer.reference, answer.reference_judged, answer.alone, answer.too_few);
  base::append_number(text, answer.threshold);
  text += fmt::format(R"(, "snapshot": {}, "more": {}, "results": [)", answer.snapshot, count < all);
  for (std::size_t i = 0; i < count; ++i) {
    append_object(text, judged_json(archive, answer.judged[i], i + 1, answer, pooling, shown.paths));
  }
  return text + "]}";
}

std::string drift_json(const Reader& archive, const DriftAnswer& answer, std::span<const std::string> by,
                       const Shown& shown) {
  std::string text = fmt::format(R"({{"reference": {}, "sampled": {}, "patients": {}, "snapshot": {}, "groups": [)",
                                 answer.reference, answer.sampled, answer.patients, answer.snapshot);
  for (const DriftGroup& group : answer.groups) {
    append_object(text, group_json(archive, group, by, answer.snapshot, shown.paths));
  }
  return text + "]}";
}

std::string tags_json(const Reader& archive, const TagAnswer& answer, const std::string& field, const Shown& shown) {
  const std::size_t count = std::min(shown.most, answer.doubtful.size());
  std::string text = fmt::format(
      R"({{"judged": {}, "agreed": {}, "undecided": {}, "alone": {}, "doubtful": {}, "snapshot": {}, "more": {}, )"
      R"("results": [)",
      answer.judged, answer.agreed, answer.undecided, answer.alone, answer.doubtful.size(), answer.snapshot,
      count < answer.doubtful.size());
  for (std::size_t i = 0; i < count; ++i) {
    const DoubtfulTag& found = answer.doubtful[i];
    append_object(text, doubtful_json(found, archive.item(found.row), answer, field, shown.paths));
  }
  return text + "]}";
}

ItemFacts as_pooled(ItemFacts item, Pooling pooling) {
  if (pooling == Pooling::kStats7 || (pooling == Pooling::kCenter20 && item.series != 0)) {
    item.kind = "series";
    item.locator.clear();
    item.sop_uid.clear();
    if (pooling == Pooling::kStats7) item.series_uid.clear();
  }
  return item;
}

std::string judged_json(const Reader& archive, const Judged& judged, std::size_t rank, const OutlierAnswer& answer,
                        Pooling pooling, bool paths) {
  std::string line = fmt::format(R"({{"rank": {}, "score": )", rank);
  base::append_number(line, judged.score);
  line += R"(, "threshold": )";
  base::append_number(line, answer.threshold);
  line += fmt::format(R"(, "outlier": {}, "rarity": )", judged.outlier);
  if (judged.rarity) {
    base::append_number(line, *judged.rarity);
  } else {
    line += "null";
  }
  return line + fmt::format(R"(, "images": {}, "snapshot": {}, {}, "nearest": {{{}}}}})", judged.images,
                            answer.snapshot, judged_item_json(as_pooled(archive.item(judged.row), pooling), paths),
                            judged_item_json(as_pooled(archive.item(judged.nearest), pooling), paths));
}

std::string group_json(const Reader& archive, const DriftGroup& group, std::span<const std::string> by,
                       std::int64_t snapshot, bool paths) {
  std::string line = "{";
  for (std::size_t i = 0; i < group.values.size(); ++i) {
    line += fmt::format(R"("{}": {}, )", by[i], text_or_null(group.values[i]));
  }
  line += fmt::format(R"("images": {}, "sampled": {}, "patients": {}, "distance": )", group.images, group.sampled,
                      group.patients);
  base::append_number(line, group.distance);
  line += R"(, "p": )";
  base::append_number(line, group.p);
  line += R"(, "p_holm": )";
  base::append_number(line, group.p_holm);
  return line + fmt::format(R"(, "snapshot": {}, "moved": {}}})", snapshot, moved_json(archive, group, paths));
}

std::string doubtful_json(const DoubtfulTag& found, const ItemFacts& item, const TagAnswer& answer,
                          const std::string& field, bool paths) {
  std::string line = fmt::format(R"({{"field": "{}", "tag": {}, "suggested": {}, "agreement": )", field,
                                 text_or_null(found.tag), base::json_string(found.suggested));
  base::append_number(line, found.agreement);
  return line + fmt::format(R"(, "same": {}, "nearest": [{}], "method": "{}", "snapshot": {}, {}}})", found.same,
                            fmt::join(found.nearest, ", "), answer.method, answer.snapshot,
                            judged_item_json(item, paths));
}

std::optional<ItemFacts> item_of(const Reader& archive, const DupMember& member) {
  if (!member.row) return std::nullopt;
  ItemFacts item = archive.item(*member.row);
  if (!member.path.empty()) item.locator = member.path;
  return item;
}

std::string dup_group_json(const Reader& archive, const DupGroup& group, std::size_t number, DupLevel level,
                           std::int64_t snapshot, bool paths, std::size_t most) {
  std::string text = fmt::format(R"({{"group": {}, "level": "{}", "patients": {}, "snapshot": {}, "members": [)",
                                 number, name_of(level), group.patients, snapshot);
  for (std::size_t i = 0; i < std::min(most, group.members.size()); ++i) {
    if (i > 0) text += ", ";
    text += member_json(archive, group.members[i], paths);
  }
  return text + "]}";
}

std::string dups_json(const Reader& archive, const DupAnswer& answer, DupLevel level, const Shown& shown,
                      std::size_t most_members) {
  const std::size_t count = std::min(shown.most, answer.groups.size());
  std::string groups;
  std::size_t members = 0;
  std::size_t written = 0;
  while (written < count && members < most_members) {
    const DupGroup& group = answer.groups[written++];
    if (!groups.empty()) groups += ", ";
    groups += dup_group_json(archive, group, written, level, answer.snapshot, shown.paths, most_members - members);
    members += group.members.size();
  }
  return fmt::format(R"({{"duplicates": {}, "compared": {}, "blank": {}, "plain": {}, "unhashed": {}, )"
                     R"("snapshot": {}, "more": {}, "groups": [{}]}})",
                     answer.groups.size(), answer.compared, answer.blank, answer.plain, answer.unhashed,
                     answer.snapshot, written < answer.groups.size() || members > most_members, groups);
}

}  // namespace mi2::archive
