#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "protocols/synchronous.hpp"

#include <mi2/embedder.hpp>

#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Answer = std::tuple<int, std::string, Headers, nb::bytes>;

/// One model with the contracts of the server.
class Scorer {
 public:
  Scorer(const std::filesystem::path& model, const EmbedderOptions& options)
      : embedder_(Embedder::open(model, options)) {
    const auto served =
        std::make_shared<protocols::ServedModel>(protocols::describe_model("default", embedder_, model));
    service_.models.emplace(served->name, served);
    service_.default_model = served->name;
    service_.score_profile = options.image.profile;
    service_.images = embedder_.options().image;
  }

  [[nodiscard]] protocols::HttpResponse answer(protocols::HttpRequest request) const {
    return protocols::answer(
        service_, [this](std::string_view) -> const Embedder& { return embedder_; }, std::move(request));
  }

 private:
  Embedder embedder_;
  protocols::Service service_;
};

void open(Scorer* self, const std::filesystem::path& model, const std::string& dtype, const std::string& device,
          unsigned threads, const std::string& profile) {
  const nb::gil_scoped_release unlocked;
  EmbedderOptions options;
  if (!dtype.empty()) options.dtype = parse_dtype(dtype);
  options.device = parse_device(device);
  options.threads = threads;
  options.image.profile = parse_profile(profile);
  new (self) Scorer(model, options);
}

Answer answer(const Scorer& scorer, std::string method, std::string path, Headers headers, const nb::bytes& body) {
  protocols::HttpRequest request{std::move(method), std::move(path), "", std::move(headers),
                                 std::string(body.c_str(), body.size())};
  protocols::HttpResponse found;
  {
    const nb::gil_scoped_release unlocked;
    found = scorer.answer(std::move(request));
  }
  return {found.status, std::move(found.content_type), std::move(found.headers),
          nb::bytes(found.body.data(), found.body.size())};
}

}  // namespace

void bind_scorer(nb::module_& module) {
  nb::class_<Scorer>(module, "Scorer", "A model with the contracts of the server; see mi2::scoring.")
      .def("__init__", &open, "model"_a, nb::kw_only(), "dtype"_a, "device"_a, "threads"_a, "profile"_a)
      .def("answer", &answer, "method"_a, "path"_a, "headers"_a, "body"_a, "(status, content type, headers, body)");
}

}  // namespace mi2::python
