#include "evaluation/figure.hpp"

#include <fmt/format.h>

namespace mi2::evaluation {

std::string to_text(const Figure& figure) {
  if (!figure.value) return "-";
  if (!figure.interval) return fmt::format("{:.4f}", *figure.value);
  return fmt::format("{:.4f} ({:.4f} to {:.4f})", *figure.value, figure.interval->low, figure.interval->high);
}

}  // namespace mi2::evaluation
