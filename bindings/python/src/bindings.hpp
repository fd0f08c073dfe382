#pragma once
// The parts of the module `medimageinsight._core`. Python around it says what users see; here are only thin shells.

#include <nanobind/nanobind.h>

#include <mi2/error.hpp>

namespace mi2::python {

/// The one guard: mi2::Error becomes the class of medimageinsight._errors for its code.
void bind_errors();
/// The Python exception of an Error, and back.
nanobind::object error_object(const Error& error);
Error error_of(const nanobind::object& error);
/// Archives; nothing in a build without them.
void bind_archive_cards(nanobind::module_& module);
void bind_archive(nanobind::module_& module);
void bind_archive_labels(nanobind::module_& module);
void bind_archive_tasks(nanobind::module_& module);
void bind_archive_whole(nanobind::module_& module);
void bind_archive_reembed(nanobind::module_& module);
/// Rows: what comes out of the model.
void bind_arrays(nanobind::module_& module);
void bind_embedder(nanobind::module_& module);
/// NewFile: what Python writes to disk.
void bind_files(nanobind::module_& module);
/// Scorer: requests in, answers out, as the server gives them.
void bind_scorer(nanobind::module_& module);

}  // namespace mi2::python
