// Files that Python writes, which appear under their names whole or not at all.

#include <filesystem>
#include <optional>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>

#include "base/partial.hpp"
#include "bindings.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

/// A file under a name of the program's own beside its target, until it is whole.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& target) : target_(base::resolved(target)) {
    partial_.emplace(target_, base::Partial::Kind::kFile);
  }

  /// Where it is written. Empty once it has its name or is gone.
  [[nodiscard]] std::filesystem::path path() const { return partial_ ? partial_->path() : std::filesystem::path(); }

  void commit() {
    if (!partial_) return;
    base::put_in_place(partial_->descriptor(), partial_->path(), target_);
    partial_->give_away();
    partial_.reset();
  }

  void discard() noexcept { partial_.reset(); }

 private:
  std::filesystem::path target_;
  std::optional<base::Partial> partial_;
};

}  // namespace

void bind_files(nb::module_& module) {
  nb::class_<NewFile>(module, "NewFile", "A file that gets its name once it is whole; else nothing of it is left.")
      .def(nb::init<const std::filesystem::path&>(), nb::arg("target"))
      .def_prop_ro("path", &NewFile::path, "Where it is written until then.")
      .def("commit", &NewFile::commit, nb::call_guard<nb::gil_scoped_release>(),
           "Flushes it to disk and gives it its name.")
      .def("discard", &NewFile::discard, "Removes it, unless it has its name.");
}

}  // namespace mi2::python
