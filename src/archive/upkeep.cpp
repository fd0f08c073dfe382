#include "archive/upkeep.hpp"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive {

Removal find_removal(Catalog& catalog, const Choice& choice) {
  Removal removal;
  removal.source = choice.source;
  std::optional<filter::Expr> where = choice.where;
  if (!choice.source.empty()) {
    const std::optional<Id> source = catalog.find_source(choice.source);
    if (!source) return removal;
    where = filter::parse(fmt::format("source={}", *source));
  }
  removal.instances = catalog.chosen_instances(where ? &*where : nullptr, choice.study, choice.patient_key);
  for (const Id instance : removal.instances)
    removal.images += static_cast<std::uint64_t>(catalog.live_images(instance));
  return removal;
}

bool remove(Writer& archive, const Removal& removal, bool erase) {
  Catalog& catalog = archive.catalog();
  {
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("rm", -static_cast<std::int64_t>(removal.images));
    std::set<Id> touched;
    for (const Id instance : removal.instances) {
      if (const auto series = catalog.retire_instance(instance, seq)) touched.insert(*series);
    }
    catalog.forget_conflicts();
    catalog.forget_labels_of_gone();
    for (const Id series : touched) archive.pool_again(series, seq);
    archive.segments().sync();
    if (erase) catalog.mark_erasing();
    if (!removal.source.empty()) {
      catalog.set_cursor(removal.source, {});
      catalog.set_last_error(removal.source, {});
      const std::optional<Id> source = catalog.find_source(removal.source);
      if (erase && source) catalog.drop_source(*source);
    }
    all.commit();
  }
  return !erase || archive.erase();
}

ItemPage page_of_items(Reader& archive, const std::optional<filter::Expr>& where, bool series, std::uint64_t first,
                       std::size_t most) {
  const RowFacts::Kind wanted = series ? RowFacts::Kind::kSeries : RowFacts::Kind::kFrame;
  const std::vector<RowFacts>& rows = archive.rows();
  const auto allowed = where ? archive.allowed(*where) : nullptr;
  auto row = std::lower_bound(rows.begin(), rows.end(), first,
                              [](const RowFacts& facts, std::uint64_t number) { return facts.row < number; });
  ItemPage page;
  for (; row != rows.end(); ++row) {
    if (row->deleted || row->kind != wanted) continue;
    if (allowed && !(row->row < allowed->size() && allowed->test(static_cast<std::size_t>(row->row)))) continue;
    if (page.items.size() == most) {
      page.next = row->row;
      break;
    }
    page.items.push_back(archive.item(row->row));
  }
  return page;
}

void each_vector(Reader& archive, const std::optional<filter::Expr>& where, bool series,
                 const std::function<void(const ItemFacts&, std::span<const float>)>& use) {
  const RowFacts::Kind wanted = series ? RowFacts::Kind::kSeries : RowFacts::Kind::kFrame;
  std::vector<std::uint64_t> rows;
  archive.catalog().each_row(where ? &*where : nullptr, [&](const RowFacts& row) {
    if (row.allowed && !row.deleted && row.kind == wanted) rows.push_back(row.row);
  });
  for (const std::uint64_t row : rows) {
    const ItemFacts item = archive.item(row);
    use(item, archive.row(row, item.crc));
  }
}

}  // namespace mi2::archive
