#pragma once
// What the sources about archives have in common.

#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "archive/cards/card.hpp"
#include "archive/filter/filter.hpp"
#include "base/progress.hpp"

namespace mi2::python {

/// An evidence card, and what its page shows.
struct PagedCard {
  archive::cards::Card card;
  std::vector<std::string> thumbnails{};  ///< WebP, of each result; none of a card that was read from a file
};

/// @throws Error{kBadArgument} as archive::filter::parse().
inline std::optional<archive::filter::Expr> parsed(const std::optional<std::string>& where) {
  if (!where) return std::nullopt;
  return archive::filter::parse(*where);
}

/// Tells a function of Python, which outlives the task: (stage, done, total; 0: not known). What the function raises
/// ends the task, and so does Ctrl-C. The interpreter is unlocked around it.
inline base::OnProgress told_to(const nanobind::callable& on_progress) {
  return [&on_progress](const base::Progress& at) {
    const nanobind::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
    on_progress(nanobind::str(at.stage.data(), at.stage.size()), at.done, at.total);
  };
}

}  // namespace mi2::python
