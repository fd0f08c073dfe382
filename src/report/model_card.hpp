#pragma once
// A model card: what a model is, what it was trained on, how well it answers and for whom, and what it is not for.
// Source: Mitchell et al., "Model Cards for Model Reporting", 2019, for what a card asks.

#include <string>
#include <utility>
#include <vector>

#include "report/card_evaluation.hpp"
#include "report/document.hpp"

namespace mi2::report {

/// Names and values for people, in order. What is not known says "not recorded"; an empty value is for the authors.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// An account of energy (energy::to_json()) and what it is of.
struct CardEnergy {
  std::string of;  ///< "training"
  std::string account;
};

struct ModelCard {
  std::string name;
  std::string licence;         ///< empty: not stated
  std::string authors;         ///< empty: not stated
  bool published = false;      ///< of the shape of MedImageInsight as it was published
  std::string differs;         ///< from it, for people
  std::string weights_sha256;  ///< what reports of evaluations must be of
  Facts model;
  Facts data;
  Facts training;
  std::string curves;  ///< an SVG of our own; empty: none
  std::vector<CardEvaluation> evaluations;
  std::vector<CardEnergy> energy;
  std::vector<std::string> limits;  ///< of this model, for people; those of evaluations and of the kind are added
};

/// @throws Error{kBadArgument} for a report that is of other weights; {kBadFile} for an account that is none.
void check(const ModelCard& card);

/// README.md: front matter as model hubs read it, and the card.
std::string to_markdown(const ModelCard& card);
std::string to_html(const ModelCard& card);
std::string to_json(const ModelCard& card);

}  // namespace mi2::report
