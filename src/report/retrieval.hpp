#pragma once
// What the rankings of a search are worth.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "base/table.hpp"
#include "evaluation/figure.hpp"

namespace mi2::report {

struct RetrievalOptions {
  std::vector<std::size_t> cut_offs{1, 5, 10};
  double level = 0.95;
  std::size_t samples = 2000;
  std::uint64_t seed = 0;
};

struct RetrievalFigure {
  std::string key;
  std::string name;
  evaluation::Figure figure;
};

struct Retrieval {
  std::size_t queries = 0;
  std::size_t items = 0;
  std::size_t without_relevant = 0;  ///< queries that no item answers: in no figure
  std::size_t own_left_out = 0;      ///< ranked items that are the query itself, or of its patient
  bool by_patient = false;           ///< the bootstrap draws queries' patients
  RetrievalOptions options;
  std::vector<RetrievalFigure> figures;
  std::vector<std::string> warnings;
};

/// @param ranked  `query,item,score`: the items that each query found. @param labels  `id,label` of queries and items,
///                with or without `patient`; a label may be `a|b`. An item is relevant if it has a label of the
///                query's; the query itself, and items of its patient, are left out. Items are those that any query
///                found.
/// @throws Error{kBadFile} naming the line; {kBadArgument} if no query has a relevant item.
Retrieval evaluate_retrieval(base::Table ranked, base::Table labels, const RetrievalOptions& options,
                             const base::OnProgress& progress);

std::string to_json(const Retrieval& retrieval);
std::string to_html(const Retrieval& retrieval);
std::string to_text(const Retrieval& retrieval);

}  // namespace mi2::report
