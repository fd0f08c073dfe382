#include <exception>

#include <nanobind/nanobind.h>

#include <mi2/error.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

/// Sets the Python error of an mi2::Error. Paths in its message need not be UTF-8.
void set_error(const Error& error) {
  const std::string_view code = name_of(error.code());
  const std::string_view what = error.what();
  const nb::object classes = nb::module_::import_("medimageinsight._errors").attr("BY_CODE");
  const nb::object type = classes[nb::str(code.data(), code.size())];
  const auto message = nb::steal(PyUnicode_DecodeUTF8(what.data(), static_cast<Py_ssize_t>(what.size()), "replace"));
  PyErr_SetObject(type.ptr(), message.ptr());
}

}  // namespace

void bind_errors() {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      set_error(error);
    }
  });
}

}  // namespace mi2::python
