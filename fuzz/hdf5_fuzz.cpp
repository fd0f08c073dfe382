// Any bytes as an HDF5 file: refused with mi2::Error, or all rows of its array x, in order.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <mi2/error.hpp>

#include "recipe/hdf5.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const recipe::Hdf5Bytes array(std::as_bytes(std::span(data, size)), "x", "fuzz");
    std::uint64_t next = 0;
    array.each_band([&](std::uint64_t first, std::span<const std::uint8_t> rows) {
      if (first != next || rows.empty() || rows.size() % array.row_bytes() != 0) std::abort();
      next += rows.size() / array.row_bytes();
      return true;
    });
    if (next != array.shape()[0]) std::abort();
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
