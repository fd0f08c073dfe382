#pragma once
// Answers to tables of rows: what POST /score, POST /invocations and mi2 batch have in common.

#include <memory>
#include <string>

#include "protocols/parameters.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/rows.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols {

/// A table understood: what its answer is written from.
struct Table {
  std::shared_ptr<const ServedModel> model;
  ScoreParameters parameters;
  Rows rows;
};

/// Reads `params` for a model. @throws Error{kBadArgument} also where a classifier's answer has no place for something.
ScoreParameters table_parameters(const Service& service, const ServedModel& model, Json* params);

/// One row's answer: an object with image_features, text_features ([[..]]) and scaling_factor; of a classifier, a list
/// of {"label", "score"}, all labels, best first.
void append_row(std::string& text, const Table& table, const Row& row, const Vectors& vectors);

/// All rows' answers, as a list.
std::string rows_json(const Table& table, const Vectors& vectors);

}  // namespace mi2::protocols
