#include "adapter/fit.hpp"

namespace mi2::adapter {
namespace {

Fitter& chosen() noexcept {
  static Fitter fitter = nullptr;
  return fitter;
}

}  // namespace

void set_fitter(Fitter fitter) noexcept { chosen() = fitter; }

Fitted fit(const HeadDescription& shape, const Samples& train, const Samples& validation, const FitOptions& options,
           const FitProgress& progress) {
  if (chosen() == nullptr) {
    throw Error(Code::kUnsupported, "training needs libtorch, and this program was built without it (MI2_WITH_TORCH)");
  }
  return chosen()(shape, train, validation, options, progress);
}

}  // namespace mi2::adapter
