#pragma once
// What an approximate search reads of the tables of a shared archive, inside of a transaction.

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/catalog_facts.hpp"
#include "archive/filter/filter.hpp"
#include "archive/shared_database.hpp"

namespace mi2::archive::near {

/// Behind "FROM item": what filters speak of.
inline constexpr std::string_view kJoins =
    " LEFT JOIN instance ON instance.id = item.instance LEFT JOIN lot ON lot.id = instance.lot"
    " LEFT JOIN folder ON folder.id = instance.folder LEFT JOIN series ON series.id = item.series"
    " LEFT JOIN study ON study.id = series.study LEFT JOIN patient ON patient.id = study.patient";
inline constexpr std::string_view kPatient = "coalesce(patient.alias_of, patient.id)";
/// Rows of one answer with vectors, or with texts.
inline constexpr std::size_t kAtOnce = 256;

/// 0 for NULL.
inline Id id_at(const postgres::Result& rows, int row, int column) {
  return rows.is_null(row, column) ? 0 : rows.integer(row, column);
}

/// A filter as SQL over those joins, with its parameters numbered behind those that there are. @throws as
/// filter::bind().
std::string condition_of(const filter::Expr& where, std::vector<postgres::Parameter>& parameters);

/// The vectors of rows. @throws Error{kBadFile} for one that is missing, or not the one that was written.
std::unordered_map<std::uint64_t, std::vector<float>> vectors_of(SharedDatabase& database, std::size_t dimensions,
                                                                 std::span<const std::uint64_t> rows);

/// What those of the rows are of that are not deleted.
std::unordered_map<std::uint64_t, ItemFacts> items_of(SharedDatabase& database, std::span<const std::uint64_t> rows);

/// The patients, none of these, who have pictures of one of these, as linked_patients().
std::set<Id> linked_with(SharedDatabase& database, const std::set<Id>& patients);

/// As Catalog::background().
std::vector<double> background_of(SharedDatabase& database, std::string_view kind);

}  // namespace mi2::archive::near
