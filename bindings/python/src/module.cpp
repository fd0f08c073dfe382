// medimageinsight._core: the C++ API for the Python package around it.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mi2/dtype.hpp>
#include <mi2/tokenize.hpp>
#include <mi2/version.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

using Tokens = std::pair<std::vector<std::int32_t>, bool>;

std::vector<Tokens> tokens_of(const std::filesystem::path& model, const std::vector<std::string>& texts) {
  std::vector<Tokens> result;
  for (TokenizedText& text : tokenize(model, texts)) result.emplace_back(std::move(text.ids), text.truncated);
  return result;
}

std::vector<std::string> dtype_names() {
  std::vector<std::string> names;
  for (const DType dtype : supported_dtypes()) names.emplace_back(name_of(dtype));
  return names;
}

}  // namespace

NB_MODULE(_core, module) {
  module.doc() = "The C++ API of mi2. Private: use the package medimageinsight.";
  bind_errors();
  bind_arrays(module);
  bind_embedder(module);
  bind_files(module);
  bind_scorer(module);
  bind_archive_cards(module);
  bind_archive(module);
  bind_archive_labels(module);
  bind_archive_tasks(module);
  bind_archive_whole(module);
  bind_archive_reembed(module);
  module.attr("version") = nb::str(version().data(), version().size());
  module.def("supported_dtypes", &dtype_names, "The dtypes this machine computes in.");
  module.def("tokenize", &tokens_of, nb::arg("model"), nb::arg("texts"), nb::call_guard<nb::gil_scoped_release>(),
             "(ids without padding, whether it was cut) of each text.");
}

}  // namespace mi2::python
