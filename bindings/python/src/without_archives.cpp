// A build without SQLite: the module has nothing of archives, and the package says so (MI2_WITH_ARCHIVE).

#include "bindings.hpp"

namespace mi2::python {

void bind_archive_cards(nanobind::module_& /*module*/) {}
void bind_archive(nanobind::module_& /*module*/) {}
void bind_archive_labels(nanobind::module_& /*module*/) {}
void bind_archive_tasks(nanobind::module_& /*module*/) {}
void bind_archive_whole(nanobind::module_& /*module*/) {}
void bind_archive_reembed(nanobind::module_& /*module*/) {}

}  // namespace mi2::python
