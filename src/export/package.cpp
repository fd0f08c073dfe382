#include "export/package.hpp"

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/folders.hpp"
#include "export/templates.hpp"
#include "ops/cpu/precision.hpp"
#include "weights/model_source.hpp"
#include "weights/names.hpp"
#include "weights/safetensors.hpp"

#include <mi2/dtype.hpp>
#include <mi2/error.hpp>
#include <mi2/version.hpp>

namespace mi2::exporting {
namespace {

namespace fs = std::filesystem;

struct Copy {
  fs::path from;
  fs::path to;  ///< below the package
};

bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

/// The files of a model's folder, hidden ones left out. A link counts as what it leads to, if that is in the folder
/// too, or where the hub's cache keeps the files of its snapshots (snapshots/COMMIT/NAME -> ../../blobs/HASH).
class ModelFiles {
 public:
  explicit ModelFiles(const fs::path& model) : shown_(model), root_(fs::canonical(model)) {
    if (root_.parent_path().filename() == "snapshots") blobs_ = root_.parent_path().parent_path() / "blobs";
  }

  std::vector<Copy> take() {
    visit(root_, "model");
    std::sort(files_.begin(), files_.end(), [](const Copy& a, const Copy& b) { return a.to < b.to; });
    return std::move(files_);
  }

 private:
  void visit(const fs::path& folder, const fs::path& to) {
    if (!seen_.insert(folder).second) refuse(to, "leads to a folder that is in it already");
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.')) continue;
      const fs::path real = entry.is_symlink() ? followed(entry.path(), to / name) : entry.path();
      if (fs::is_directory(real)) {
        visit(real, to / name);
      } else if (fs::is_regular_file(real)) {
        files_.push_back({real, to / name});
      }
    }
  }

  fs::path followed(const fs::path& link, const fs::path& to) const {
    std::error_code error;
    fs::path real = fs::canonical(link, error);
    if (error) refuse(to, "leads nowhere");
    if (is_inside(real, root_) || (!blobs_.empty() && is_inside(real, blobs_))) return real;
    refuse(to,
           "leads out of it, and what is not in the model's folder does not go into the package; put the file there");
  }

  [[noreturn]] void refuse(const fs::path& to, std::string_view what) const {
    throw Error(Code::kBadArgument,
                fmt::format("{}: the link {} {}", shown_.string(), to.lexically_relative("model").string(), what));
  }

  fs::path shown_;
  fs::path root_;
  fs::path blobs_;  ///< empty unless the folder is a snapshot of the hub's cache
  std::set<fs::path> seen_;
  std::vector<Copy> files_;
};

/// A packed file is the only one.
std::vector<Copy> model_files(const fs::path& model) {
  if (fs::is_regular_file(model)) return {{fs::canonical(model), fs::path("model") / "model.mi2"}};
  try {
    return ModelFiles(model).take();
  } catch (const fs::filesystem_error& error) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", model.string(), error.code().message()));
  }
}

/// A package inside its model would be a part of it, and of the next package.
void check_apart(const fs::path& model, const fs::path& out) {
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(fs::absolute(out), ignored);
  if (!fs::is_directory(model) || !is_inside(folder, fs::canonical(model))) return;
  throw Error(Code::kBadArgument, fmt::format("{}: is in the model's folder; expected a place outside", out.string()));
}

void need(bool good, std::string_view what, std::string_view found, std::string_view wanted) {
  if (!good) throw Error(Code::kBadArgument, fmt::format("{0}: expected {2}, got '{1}'", what, found, wanted));
}

/// What goes into YAML, shell and Python unquoted must be harmless there.
void check(const PackageOptions& options) {
  const bool on_cpu = options.device.kind == Device::Kind::kCpu;
  if (on_cpu && options.dtype && *options.dtype != DType::kAuto) ops::check_precision(*options.dtype);
  need(std::regex_match(options.python, std::regex("3\\.[0-9]{1,3}")), "python", options.python, "a version like 3.11");
  need(std::regex_match(options.name, std::regex("[a-z][a-z0-9-]{1,30}[a-z0-9]")), "name", options.name,
       "3 to 32 small letters, digits and '-', a letter first");
  if (options.wheel.empty()) return;
  const std::string wheel = options.wheel.filename().string();
  need(std::regex_match(wheel, std::regex("medimageinsight-[A-Za-z0-9_.+-]{1,200}\\.whl")), "wheel", wheel,
       "a file medimageinsight-*.whl");
  if (!fs::is_regular_file(options.wheel)) {
    throw Error(Code::kNotFound, fmt::format("{}: no such file", options.wheel.string()));
  }
}

Values values_of(const fs::path& model, const PackageOptions& options) {
  const std::string wheel = options.wheel.filename().string();
  return {{"version", std::string(version())},
          {"requirement", wheel.empty() ? fmt::format("medimageinsight=={}", version()) : "wheels/" + wheel},
          {"copy_wheels", wheel.empty() ? "" : "COPY wheels wheels"},
          {"data", fs::is_regular_file(model) ? "model/model.mi2" : "model"},
          {"dtype", options.dtype ? std::string(name_of(*options.dtype)) : ""},
          {"device", to_string(options.device)},
          {"profile", std::string(name_of(options.profile))},
          {"python", options.python},
          {"name", options.name}};
}

/// Weights that no program would load do not go out to others. A packed file's were checked when it was packed.
void check_weights(const weights::ModelSource& model, const base::OnProgress& on_progress) {
  if (model.packed()) return;
  const weights::SafeTensors file(model.weights().file);
  std::size_t read = 0;
  for (const weights::TensorInfo& row : file.tensors()) {
    if (on_progress) on_progress({"tensors", read++, file.tensors().size()});
    if (row.dtype != "F32" && row.dtype != "F16" && row.dtype != "BF16") continue;
    const ops::Parameter tensor = file.parameter(row.name);
    if (tensor::all_finite(tensor.dtype, tensor.data, static_cast<std::size_t>(tensor.shape.count()))) continue;
    throw Error(Code::kBadFile, fmt::format("{}: tensor {} holds a NaN or an infinity, expected finite numbers",
                                            file.name(), weights::in_quotes(row.name)));
  }
}

}  // namespace

void package_model(const fs::path& model, const fs::path& out, const PackageOptions& options) {
  check(options);
  const weights::ModelSource checked(model);
  const bool mlflow = options.kind == PackageKind::kMlflow;
  check_weights(checked, options.on_progress);
  check_apart(model, out);
  std::vector<Copy> copies = model_files(model);
  if (!options.wheel.empty()) {
    const fs::path wheels = mlflow ? "wheels" : "environment/wheels";
    copies.push_back({options.wheel, wheels / options.wheel.filename()});
  }

  base::AtomicFolder folder(out);
  const Values values = values_of(model, options);
  const std::string_view prefix = mlflow ? "mlflow/" : "azureml/";
  for (const Template& file : templates()) {
    if (file.path.starts_with(prefix)) folder.write(file.path.substr(prefix.size()), filled(file, values));
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    folder.copy(copies[i].from, copies[i].to);
    if (options.on_progress) options.on_progress({"files", i + 1, copies.size()});
  }
  folder.commit();
}

}  // namespace mi2::exporting
