#include "export/package.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <regex>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/files.hpp"
#include "export/templates.hpp"
#include "ops/cpu/precision.hpp"
#include "weights/model_source.hpp"

#include <mi2/dtype.hpp>
#include <mi2/error.hpp>
#include <mi2/version.hpp>

namespace mi2::exporting {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void disk_error(const fs::path& path, const std::error_code& error) {
  throw Error(Code::kBadFile, fmt::format("{}: {}", path.string(), error.message()));
}

/// Flushes a file or a folder to disk.
void sync(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  if (descriptor >= 0) ::close(descriptor);
  if (!done) disk_error(path, error);
}

/// A folder under another name until it is whole.
class PartialFolder {
 public:
  explicit PartialFolder(const fs::path& out)
      : out_(out), path_(out.string() + fmt::format(".partial-{}", ::getpid())) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(out_))) {
      throw Error(Code::kBadArgument, fmt::format("{}: already exists; expected a new folder", out_.string()));
    }
    fs::create_directory(path_, error);
    if (error) disk_error(path_, error);
  }
  PartialFolder(const PartialFolder&) = delete;
  PartialFolder& operator=(const PartialFolder&) = delete;
  ~PartialFolder() {
    std::error_code ignored;
    if (!whole_) fs::remove_all(path_, ignored);
  }

  void write(const fs::path& relative, std::string_view text) const {
    base::AtomicFile file(place(relative));
    file.write(text);
    file.commit();
  }

  void copy(const fs::path& from, const fs::path& relative) const {
    const fs::path to = place(relative);
    std::error_code error;
    fs::copy_file(from, to, error);
    if (error) disk_error(from, error);
    sync(to);
  }

  void commit() {
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (entry.is_directory()) sync(entry.path());
    }
    sync(path_);
    std::error_code error;
    fs::rename(path_, out_, error);
    if (error) disk_error(out_, error);
    whole_ = true;
    const fs::path parent = fs::absolute(out_).parent_path();
    sync(parent);
  }

 private:
  [[nodiscard]] fs::path place(const fs::path& relative) const {
    fs::path to = path_ / relative;
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    if (error) disk_error(to.parent_path(), error);
    return to;
  }

  fs::path out_;
  fs::path path_;
  bool whole_ = false;
};

struct Copy {
  fs::path from;
  fs::path to;  ///< below the package
};

/// Every file of the model, links followed, hidden ones left out. A packed file is the only one.
std::vector<Copy> model_files(const fs::path& model) {
  if (fs::is_regular_file(model)) return {{model, fs::path("model") / "model.mi2"}};
  std::vector<Copy> files;
  std::error_code error;
  auto at = fs::recursive_directory_iterator(model, fs::directory_options::follow_directory_symlink, error);
  for (; !error && at != fs::end(at); at.increment(error)) {
    constexpr int kDeepest = 16;  // a link to its own parent would never end
    if (at->path().filename().string().starts_with('.') || at.depth() > kDeepest) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      files.push_back({at->path(), fs::path("model") / at->path().lexically_relative(model)});
    }
  }
  if (error) disk_error(model, error);
  std::sort(files.begin(), files.end(), [](const Copy& a, const Copy& b) { return a.to < b.to; });
  return files;
}

void need(bool good, std::string_view what, std::string_view found, std::string_view wanted) {
  if (!good) throw Error(Code::kBadArgument, fmt::format("{0}: expected {2}, got '{1}'", what, found, wanted));
}

/// What goes into YAML, shell and Python unquoted must be harmless there.
void check(const PackageOptions& options) {
  if (options.dtype) ops::check_precision(*options.dtype);
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
          {"profile", std::string(name_of(options.profile))},
          {"python", options.python},
          {"name", options.name}};
}

}  // namespace

void package_model(const fs::path& model, const fs::path& out, const PackageOptions& options) {
  check(options);
  const weights::ModelSource checked(model);
  const bool mlflow = options.kind == PackageKind::kMlflow;
  std::vector<Copy> copies = model_files(model);
  if (!options.wheel.empty()) {
    const fs::path wheels = mlflow ? "wheels" : "environment/wheels";
    copies.push_back({options.wheel, wheels / options.wheel.filename()});
  }

  PartialFolder folder(out);
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
