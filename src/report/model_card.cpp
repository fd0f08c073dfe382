#include "report/model_card.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/json_text.hpp"
#include "report/card_energy.hpp"
#include "report/card_uses.hpp"
#include "report/version.hpp"

namespace mi2::report {
namespace {

constexpr std::size_t kMostLabels = 40;
constexpr std::size_t kLongestSlug = 64;
/// Of an evaluation in the front matter, which has no place for intervals: the headline and what stands beside it.
constexpr std::size_t kHeadlines = 2;

std::string or_unknown(const std::string& text) { return text.empty() ? "not recorded" : text; }

std::string shown(const evaluation::Figure& figure) {
  return figure.value || figure.why.empty() ? to_text(figure) : fmt::format("- ({})", figure.why);
}

std::vector<std::string> lines_of(std::span<const Use> uses) {
  std::vector<std::string> lines;
  for (const Use& use : uses) lines.push_back(fmt::format("{} ({}).", use.what, use.source));
  return lines;
}

/// Which of all rows a group's figure is of.
Block groups_table(const CardAttribute& attribute) {
  Block block = table({{attribute.name, "n", attribute.metric}});
  for (const CardGroup& group : attribute.groups) {
    block.rows.push_back({group.name, std::to_string(group.rows), shown(group.metric)});
  }
  return block;
}

void add_groups(Document& page, const CardEvaluation& found) {
  if (found.attributes.empty()) {
    page.blocks.push_back(paragraph("By group: not known, since the report names no sex, age or other attribute."));
    return;
  }
  for (const CardAttribute& attribute : found.attributes) {
    page.blocks.push_back(groups_table(attribute));
    page.blocks.push_back(
        paragraph(fmt::format("Worst by {}: {}. Best minus worst: {}.", attribute.name,
                              attribute.worst.empty() ? "not known" : attribute.worst, shown(attribute.gap))));
  }
}

void add_labels(Document& page, const CardEvaluation& found) {
  if (found.labels.empty()) return;
  if (found.labels.size() > kMostLabels) {
    page.blocks.push_back(paragraph(fmt::format("Of its {} labels each: in report.json.", found.labels.size())));
    return;
  }
  Block block = table({{"label", "n positive", "AUC"}});
  for (const CardLabel& label : found.labels) {
    block.rows.push_back({label.name, std::to_string(label.positives), shown(label.auc)});
  }
  page.blocks.push_back(std::move(block));
}

void add_evaluation(Document& page, const CardEvaluation& found) {
  page.blocks.push_back(heading("Evaluation: " + found.title));
  std::string what = fmt::format("{} rows", found.rows);
  what += found.patients ? fmt::format(" of {} patients", *found.patients) : std::string("; patients are not named");
  what += fmt::format("; {:.0f}% intervals; figures are of: {}. Model: {}.", 100 * found.level, found.scores,
                      found.made.empty() ? "which one the report does not say" : found.made);
  page.blocks.push_back(paragraph(std::move(what)));
  Block figures = table({{"figure", "value and interval", "n", "how"}});
  for (const CardFigure& figure : found.figures) {
    figures.rows.push_back({figure.name, shown(figure.figure), std::to_string(found.rows), figure.method});
  }
  page.blocks.push_back(std::move(figures));
  add_labels(page, found);
  add_groups(page, found);
}

void add_uses(Document& page, const ModelCard& card) {
  page.blocks.push_back(heading("Intended uses"));
  if (card.published) {
    page.blocks.push_back(paragraph("Shaped as MedImageInsight 1.0.0. What its documents say it is for:"));
  } else {
    page.blocks.push_back(
        paragraph(fmt::format("Not the published MedImageInsight, but a model of its kind ({}). What the "
                              "documents of the published one say, beyond which nothing here goes:",
                              or_unknown(card.differs))));
  }
  page.blocks.push_back(list(lines_of(intended_uses())));
  page.blocks.push_back(heading("Excluded uses"));
  page.blocks.push_back(list(lines_of(excluded_uses())));
}

void add_limits(Document& page, const ModelCard& card) {
  page.blocks.push_back(heading("Limitations"));
  std::vector<std::string> lines = card.limits;
  if (card.evaluations.empty()) {
    lines.emplace_back("No report of an evaluation was given: how well it answers is not known here.");
  }
  for (const CardEvaluation& found : card.evaluations) {
    for (const std::string& warning : found.warnings) lines.push_back(fmt::format("{}: {}.", found.title, warning));
  }
  for (std::string& line : lines_of(known_limits())) lines.push_back(std::move(line));
  page.blocks.push_back(list(std::move(lines)));
}

Document document_of(const ModelCard& card) {
  Document page{card.name, {}};
  page.blocks.push_back(facts({{"Licence", or_unknown(card.licence)},
                               {"Authors", card.authors},
                               {"Written by", fmt::format("mi2 {}, from the files that it names", kVersion)}}));
  page.blocks.push_back(heading("Model"));
  page.blocks.push_back(facts(card.model));
  add_uses(page, card);
  page.blocks.push_back(heading("Training data"));
  page.blocks.push_back(facts(card.data));
  page.blocks.push_back(heading("Training"));
  page.blocks.push_back(facts(card.training));
  if (!card.curves.empty()) page.blocks.push_back(svg(card.curves));
  for (const CardEvaluation& found : card.evaluations) add_evaluation(page, found);
  page.blocks.push_back(heading("Energy and CO2"));
  for (Block& block : energy_blocks(card.energy)) page.blocks.push_back(std::move(block));
  add_limits(page, card);
  page.blocks.push_back(heading("For the authors"));
  Facts asked;
  for (const std::string_view what : asked_of_authors()) asked.emplace_back(what, "");
  page.blocks.push_back(facts(asked));
  return page;
}

/// "isic-2019-zero-shot", for where a hub takes a word.
std::string slug_of(std::string_view title) {
  std::string slug;
  for (const char c : title) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    if (plain || capital) slug += capital ? static_cast<char>(c - 'A' + 'a') : c;
    if (!plain && !capital && !slug.empty() && slug.back() != '-') slug += '-';
  }
  slug.resize(std::min(slug.size(), kLongestSlug));
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "unnamed" : slug;
}

/// What model hubs read. Every text is a JSON string, which is YAML too.
std::string front_matter(const ModelCard& card) {
  std::string text = "---\nlicense: " + base::json_string(card.licence.empty() ? "unknown" : card.licence);
  text +=
      "\nlanguage: en\nlibrary_name: mi2\npipeline_tag: zero-shot-image-classification\n"
      "tags: [medical, image-text-embedding, research-use-only]\n";
  if (card.evaluations.empty()) return text + "---\n\n";
  text += fmt::format("model-index:\n- name: {}\n  results:\n", base::json_string(card.name));
  for (const CardEvaluation& found : card.evaluations) {
    std::string metrics;
    for (const CardFigure& figure : std::span(found.figures).first(std::min(kHeadlines, found.figures.size()))) {
      if (!figure.figure.value) continue;
      metrics += fmt::format("    - type: {}\n      name: {}\n      value: {}\n", base::json_string(figure.key),
                             base::json_string(figure.name), *figure.figure.value);
    }
    if (metrics.empty()) continue;
    text += fmt::format(
        "  - task:\n      type: {}\n      name: {}\n    dataset:\n      type: {}\n"
        "      name: {}\n    metrics:\n{}",
        found.task == "ages" ? "image-feature-extraction" : "image-classification", base::json_string(found.title),
        base::json_string(slug_of(found.dataset)), base::json_string(found.dataset), metrics);
  }
  return text + "---\n\n";
}

}  // namespace

void check(const ModelCard& card) {
  for (const CardEvaluation& found : card.evaluations) {
    if (found.weights_sha256.empty() || found.weights_sha256 == card.weights_sha256) continue;
    throw Error(Code::kBadArgument, fmt::format("the evaluation '{}' is of weights with SHA-256 {}, the model's is {}; "
                                                "expected evaluations of this model",
                                                found.title, found.weights_sha256, card.weights_sha256));
  }
  static_cast<void>(energy_blocks(card.energy));
}

std::string to_markdown(const ModelCard& card) { return front_matter(card) + to_markdown(document_of(card)); }
std::string to_html(const ModelCard& card) { return to_html(document_of(card)); }

}  // namespace mi2::report
