// Evidence cards: read, shown, kept in a folder, and compared with an archive.

#include <filesystem>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>

#include "archive.hpp"
#include "archive/cards/card.hpp"
#include "archive/cards/card_html.hpp"
#include "archive/cards/folder.hpp"
#include "archive/cards/replay.hpp"
#include "archive/served.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

namespace cards = archive::cards;

PagedCard read(const std::filesystem::path& file) { return {cards::read_card(file)}; }

PagedCard restored(const std::string& text, const nb::list& thumbnails) {
  PagedCard made{cards::from_json(text, "card")};
  for (const nb::handle entry : thumbnails) {
    const auto file = nb::cast<nb::bytes>(entry);
    made.thumbnails.emplace_back(file.c_str(), file.size());
  }
  return made;
}

nb::list thumbnails_of(const PagedCard& card) {
  nb::list files;
  for (const std::string& file : card.thumbnails) files.append(nb::bytes(file.data(), file.size()));
  return files;
}

std::string page_of(const PagedCard& card) { return cards::to_html(card.card, card.thumbnails); }

PagedCard saved(const PagedCard& card, const std::filesystem::path& folder) {
  PagedCard kept = card;
  cards::add_card(folder, kept.card, [&](const cards::Card& whole) { return cards::to_html(whole, kept.thumbnails); });
  return kept;
}

std::string replay(archive::Served& served, const PagedCard& card, const nb::callable& on_progress) {
  cards::ReplayOptions options;
  options.on_progress = told_to(on_progress);
  const nb::gil_scoped_release unlocked;
  std::string text;
  served.search([&](archive::Reader& reader, base::ThreadPool& pool) {
    text = cards::to_json(card.card, cards::replay(reader, card.card, options, pool));
  });
  return text;
}

}  // namespace

void bind_archive_cards(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  nb::class_<PagedCard>(module, "ArchiveCard", "An evidence card; see mi2::archive::cards::Card.")
      .def_prop_ro("id", [](const PagedCard& self) { return self.card.id; })
      .def_prop_ro("json", [](const PagedCard& self) { return cards::to_json(self.card); })
      .def_prop_ro("thumbnails", &thumbnails_of, nb::sig("def thumbnails(self, /) -> list[bytes]"))
      .def("html", &page_of, Unlocked())
      .def("save", &saved, "folder"_a, Unlocked(), "Adds it to a folder's chain; gives it as it is there.");
  module.def("archive_card_read", &read, "path"_a, Unlocked());
  module.def("archive_card_restore", &restored, "text"_a, "thumbnails"_a);
  module.def("archive_replay", &replay, "archive"_a, "card"_a, "on_progress"_a,
             "An object, as mi2 index replay writes.");
}

}  // namespace mi2::python
