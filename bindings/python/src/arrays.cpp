#include <memory>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "bindings.hpp"
#include "rows.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

using Matrix = nb::ndarray<nb::numpy, float, nb::ndim<2>, nb::c_contig>;

/// Hands the numbers over: the array keeps them alive through a capsule.
Matrix take(Rows& rows) {
  const std::size_t size = rows.size();
  auto numbers = std::make_unique<std::vector<float>>(rows.take());
  float* data = numbers->data();
  const nb::capsule owner(numbers.get(), [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
  static_cast<void>(numbers.release());
  return Matrix(data, {size, rows.dimensions()}, owner);
}

}  // namespace

void bind_arrays(nb::module_& module) {
  nb::class_<Rows>(module, "Rows", "Vectors on their way to one array.")
      .def(nb::init<std::size_t>(), "dimensions"_a)
      .def("reserve", &Rows::reserve, "rows"_a)
      .def("__len__", &Rows::size)
      .def("take", &take, "The array [rows, dimensions] of float32, not copied. Leaves no rows.");
}

}  // namespace mi2::python
