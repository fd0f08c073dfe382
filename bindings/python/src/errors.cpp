#include <algorithm>
#include <array>
#include <exception>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <mi2/error.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

constexpr std::array kCodes{Code::kBadArgument, Code::kBadFile,  Code::kUnsupported, Code::kTooLarge,
                            Code::kOverloaded,  Code::kNotFound, Code::kInternal};

}  // namespace

/// Paths in the message need not be UTF-8.
nb::object error_object(const Error& error) {
  const std::string_view code = name_of(error.code());
  const std::string_view what = error.what();
  const nb::object classes = nb::module_::import_("medimageinsight._errors").attr("BY_CODE");
  const nb::object type = classes[nb::str(code.data(), code.size())];
  const auto message = nb::steal(PyUnicode_DecodeUTF8(what.data(), static_cast<Py_ssize_t>(what.size()), "replace"));
  return type(message);
}

Error error_of(const nb::object& error) {
  const auto code = nb::cast<std::string>(error.attr("code"));
  const auto* const found =
      std::find_if(kCodes.begin(), kCodes.end(), [&](Code known) { return name_of(known) == code; });
  return {found != kCodes.end() ? *found : Code::kInternal, nb::cast<std::string>(nb::str(error))};
}

void bind_errors() {
  nb::register_exception_translator([](const std::exception_ptr& pointer, void*) {
    try {
      std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const nb::object object = error_object(error);
      PyErr_SetObject(object.type().ptr(), object.ptr());
    }
  });
}

}  // namespace mi2::python
