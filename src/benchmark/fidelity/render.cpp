// The fidelity report as JSON, as a table for a terminal, and as one for documentation.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/version.hpp>

#include "benchmark/fidelity/fidelity.hpp"

namespace mi2::fidelity {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const FidelityPart& part) {
  return {{"cosine_min", part.cosine_min}, {"cosine_mean", part.cosine_mean}, {"median_s", part.seconds}};
}

Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json to_json(const FidelityRow& row) {
  return {{"dtype", row.dtype},
          {"image", to_json(row.image)},
          {"text", to_json(row.text)},
          {"agreement", to_json(row.agreement)},
          {"accuracy", to_json(row.accuracy)},
          {"load_s", row.load_seconds},
          {"resident_bytes", row.resident_bytes},
          {"peak_bytes", row.peak_bytes}};
}

constexpr std::array kColumns{"dtype",    "image cos min", "mean",    "text cos min", "mean",        "agreement",
                              "accuracy", "ms/image",      "ms/text", "load s",       "resident MB", "peak MB"};
using Cells = std::array<std::string, kColumns.size()>;

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f} %", *share * 100) : std::string("-");
}

/// Three significant digits, whatever the size of the model.
std::string milliseconds(double seconds) {
  const double ms = seconds * 1e3;
  return ms < 10 ? fmt::format("{:.2f}", ms) : ms < 100 ? fmt::format("{:.1f}", ms) : fmt::format("{:.0f}", ms);
}

Cells cells_of(const FidelityRow& row) {
  return {row.dtype,
          fmt::format("{:.6f}", row.image.cosine_min),
          fmt::format("{:.6f}", row.image.cosine_mean),
          fmt::format("{:.6f}", row.text.cosine_min),
          fmt::format("{:.6f}", row.text.cosine_mean),
          percent(row.agreement),
          percent(row.accuracy),
          milliseconds(row.image.seconds),
          milliseconds(row.text.seconds),
          fmt::format("{:.2f}", row.load_seconds),
          fmt::format("{:.0f}", row.resident_bytes / 1e6),
          fmt::format("{:.0f}", row.peak_bytes / 1e6)};
}

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What was measured, in two lines.
std::string caption(const FidelityReport& r) {
  std::string text = fmt::format("{}: {}, {}", r.model, plural(r.images, "image"), plural(r.texts, "text"));
  if (r.labels > 0) text += fmt::format(" for {}", plural(r.labels, "label"));
  if (r.known > 0) text += fmt::format(", {} of known label", plural(r.known, "image"));
  if (r.truncated_texts > 0) text += fmt::format(", {} cut", plural(r.truncated_texts, "text"));
  return text + fmt::format(";\nprofile {}, batch {}, {}, {}, {}\n", r.profile, r.batch, plural(r.threads, "thread"),
                            r.cpu, r.isa);
}

}  // namespace

std::string to_json(const FidelityReport& r) {
  Json rows = Json::array();
  for (const FidelityRow& row : r.rows) rows.push_back(to_json(row));
  const Json json{{"version", version()}, {"cpu", r.cpu},
                  {"isa", r.isa},         {"model", r.model},
                  {"profile", r.profile}, {"threads", r.threads},
                  {"batch", r.batch},     {"images", r.images},
                  {"texts", r.texts},     {"truncated_texts", r.truncated_texts},
                  {"labels", r.labels},   {"known", r.known},
                  {"dtypes", rows}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const FidelityReport& r) {
  std::vector<Cells> lines{{}};
  std::copy(kColumns.begin(), kColumns.end(), lines.front().begin());
  for (const FidelityRow& row : r.rows) lines.push_back(cells_of(row));
  std::array<std::size_t, kColumns.size()> widths{};
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text = caption(r) + '\n';
  for (const Cells& cells : lines) {
    text += fmt::format("{:<{}}", cells.front(), widths.front());
    for (std::size_t i = 1; i < cells.size(); ++i) text += fmt::format("  {:>{}}", cells[i], widths[i]);
    text += '\n';
  }
  return text;
}

std::string to_markdown(const FidelityReport& r) {
  std::string text = caption(r) + "\n|";
  for (const char* column : kColumns) text += fmt::format(" {} |", column);
  text += "\n|---|";
  for (std::size_t i = 1; i < kColumns.size(); ++i) text += "---:|";
  for (const FidelityRow& row : r.rows) {
    text += "\n|";
    for (const std::string& cell : cells_of(row)) text += fmt::format(" {} |", cell);
  }
  return text + '\n';
}

}  // namespace mi2::fidelity
